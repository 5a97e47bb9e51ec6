import { vi } from 'vitest';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import type { ChorusProcess } from '../servers/chorus.ts';

/** How many requests had each outcome: `ok`, `degraded`, or status and code as `503 unavailable`. */
export type Tally = Readonly<Record<string, number>>;

/** What became of all that was asked. */
export interface CallersReport {
  /** Each that occurred. */
  readonly outcomes: readonly string[];
  readonly requests: number;
  /**
   * Those of them that ended within their budget and 50 ms; within a second when this process was held
   * up meanwhile: on the same machine the gateway was, and its timers with it.
   */
  readonly inTime: number;
  /** Whether this process was held up. */
  readonly isStalled: boolean;
}

/** 50 ms below a limit of the gateway's histogram. */
const budgetMs = 450;
const limitSeconds = '0.5';
/** The limit above it, for when the machine itself stood still. */
const stalledLimitSeconds = '1';
/** This process held up for so long means that the gateway may have been, too. */
const stallMs = 25;
const everyMs = 25;
/** Full answers in a row that make a recovery: half a second of them. */
const fullRow = 20;
const clock = new RealClock();

/** Asks a gateway for one user after the other, 40 times a second, whatever became of the others. */
export class SteadyCallers {
  readonly #gateway: ChorusProcess;
  readonly #users: readonly string[];
  readonly #before: GatewayFigures;
  readonly #open = new Set<Promise<void>>();
  readonly #outcomes = new Set<string>();
  readonly #stopped = new AbortController();
  readonly #asking: Promise<void>;
  #tally: Record<string, number> = {};
  #fullInARow = 0;
  #longestStallMs = 0;

  private constructor(gateway: ChorusProcess, users: readonly string[], before: GatewayFigures) {
    this.#gateway = gateway;
    this.#users = users;
    this.#before = before;
    this.#asking = this.#askOn();
  }

  static async begin(gateway: ChorusProcess, users: readonly string[]): Promise<SteadyCallers> {
    return new SteadyCallers(gateway, users, await figuresOf(gateway));
  }

  /** The outcomes since the last time. */
  newTally(): Tally {
    const tally = this.#tally;
    this.#tally = {};
    return tally;
  }

  /** Waits for half a second of nothing but full answers. */
  async fullAgain(withinMs: number): Promise<void> {
    this.#fullInARow = 0;
    await vi.waitUntil(() => this.#fullInARow >= fullRow, { timeout: withinMs, interval: 20 });
  }

  /** Asks no more, and waits for the answers that are due. */
  async end(): Promise<CallersReport> {
    this.#stopped.abort();
    await this.#asking;
    await Promise.all(this.#open);
    const after = await figuresOf(this.#gateway);
    const isStalled = this.#longestStallMs > stallMs;
    const within = isStalled ? 'inStalledTime' : 'inTime';
    return {
      outcomes: [...this.#outcomes],
      requests: after.requests - this.#before.requests,
      inTime: after[within] - this.#before[within],
      isStalled,
    };
  }

  async #askOn(): Promise<void> {
    for (let count = 0; !this.#stopped.signal.aborted; count += 1) {
      const asking = this.#ask(this.#users[count % this.#users.length] ?? '').finally(() =>
        this.#open.delete(asking),
      );
      this.#open.add(asking);
      const startedUs = clock.monotonicUs();
      // oxlint-disable-next-line no-await-in-loop -- the rate
      await clock.sleep(everyMs);
      const lateMs = (clock.monotonicUs() - startedUs) / 1000 - everyMs;
      this.#longestStallMs = Math.max(this.#longestStallMs, lateMs);
    }
  }

  async #ask(userId: string): Promise<void> {
    const outcome = await this.#outcomeOf(userId).catch((thrown: unknown) => String(thrown));
    this.#outcomes.add(outcome);
    this.#tally[outcome] = (this.#tally[outcome] ?? 0) + 1;
    this.#fullInARow = outcome === 'ok' ? this.#fullInARow + 1 : 0;
  }

  async #outcomeOf(userId: string): Promise<string> {
    const response = await fetch(`${this.#gateway.http}/v1/recommend`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-timeout-ms': `${budgetMs}` },
      body: JSON.stringify({ user_id: userId, top_n: 3, no_cache: true }),
    });
    const reply: { degraded?: boolean; error?: { code?: string } } = JSON.parse(
      await response.text(),
    );
    if (!response.ok) return `${response.status} ${reply.error?.code}`;
    return reply.degraded === true ? 'degraded' : 'ok';
  }
}

interface GatewayFigures {
  readonly requests: number;
  readonly inTime: number;
  readonly inStalledTime: number;
}

/** What the gateway measured itself: our own lag is not in it. */
async function figuresOf({ operations }: ChorusProcess): Promise<GatewayFigures> {
  const response = await fetch(`${operations}/metrics`);
  const text = await response.text();
  const valueOf = (series: string): number => {
    const line = text.split('\n').find((each) => each.startsWith(`${duration}_${series} `));
    return Number(line?.split(' ').at(-1) ?? 0);
  };
  const within = (seconds: string): number =>
    valueOf(`bucket{le="${seconds}",surface="http",lane="interactive"}`);
  return {
    requests: valueOf('count{surface="http",lane="interactive"}'),
    inTime: within(limitSeconds),
    inStalledTime: within(stalledLimitSeconds),
  };
}

const duration = 'moe_request_duration_seconds';
