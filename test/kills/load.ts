import { Peer } from '../bench/ports/peer.ts';

/** What is asked, how often and with which budget. */
export interface LoadSettings {
  /** `host:port` of the gateway's gRPC port. */
  readonly gateway: string;
  /** Requests that begin each second, whatever became of those before. */
  readonly rate: number;
  /** Asked for in turn. */
  readonly users: readonly string[];
  /** Sent with each request as its `grpc-timeout`, in ms. */
  readonly budgetMs: number;
}

/** One request, with its times in µs of the machine's monotonic clock. */
export interface Asked {
  /** When the rate said that it should begin: a load that lags behind hides no waiting. */
  readonly dueUs: number;
  /** When it was handed to gRPC: its budget counts from here. */
  readonly sentUs: number;
  readonly endedUs: number;
  /** How much earlier it may have ended: the load was kept from looking for so long, in µs. */
  readonly unseenUs: number;
  /**
   * `ok`, `degraded`; for an error its `chorus-code`, or the gRPC status in capitals where none came
   * with it; `hung` when nothing at all came for seconds.
   */
  readonly outcome: string;
}

/** How many requests had each outcome. */
export type Tally = Readonly<Record<string, number>>;

/** What a load saw. */
export interface LoadResult {
  readonly asked: readonly Asked[];
  /** The longest that the load itself was kept from looking at its answers, in ms. */
  readonly longestStallMs: number;
}

/** What the process of a load answers. */
export type Loader = {
  begin(settings: LoadSettings): Promise<void>;
  lastSecond(): Tally;
  end(): Promise<LoadResult>;
};

/** An open-loop load in a process of its own, so that whoever kills and waits does not disturb it. */
export class Load {
  readonly #process = new Peer<Loader>(new URL('load-process.ts', import.meta.url));

  /** Begins to ask, once connected. */
  begin(settings: LoadSettings): Promise<void> {
    return this.#process.ask('begin', settings);
  }

  /** How the requests of the last second ended, the latest that it knows of. */
  lastSecond(): Promise<Tally> {
    return this.#process.ask('lastSecond');
  }

  /** Asks no more, waits for the answers that are due, and hands over what it saw since `begin`. */
  end(): Promise<LoadResult> {
    return this.#process.ask('end');
  }

  /** Ends the process. */
  close(): Promise<void> {
    return this.#process.stop();
  }
}

/** Counts outcomes. */
export function tally(asked: readonly Asked[]): Tally {
  const counts: Record<string, number> = {};
  for (const { outcome } of asked) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
