import { Client, credentials } from '@grpc/grpc-js';
import type { Clock } from '../clock/clock.ts';
import type { Random } from '../random/random.ts';
import { channelOptions, replyLineService } from './grpc-stream.ts';
import { WorkerStream, type WorkerStreamOwner } from './worker-stream.ts';

const firstPauseMs = 100;
const longestPauseMs = 2000;

const { path, requestSerialize, responseDeserialize } = replyLineService.connect;

/** What a dialler needs of its process. */
export interface DiallerTools {
  readonly owner: WorkerStreamOwner;
  readonly clock: Clock;
  readonly random: Random;
}

/** Keeps one address connected: dials, waits for the end, waits a little longer each time, dials again. */
export class AggregatorDialler {
  readonly #address: string;
  readonly #tools: DiallerTools;
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>;
  #stream: WorkerStream | undefined;

  constructor(address: string, tools: DiallerTools) {
    this.#address = address;
    this.#tools = tools;
    this.#running = this.#run();
  }

  /** Whether an aggregator answers here, by this very stream. */
  get isConnected(): boolean {
    return this.#stream?.isAccepted ?? false;
  }

  /** Dials no more, sends what is gathered, says goodbye. */
  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#stream?.leave();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopped.signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      const stream = await this.#hold();
      failures = failuresAfter(stream, failures);
      // oxlint-disable-next-line no-await-in-loop
      await this.#pause(failures);
    }
  }

  /** One stream from its call to its end. */
  async #hold(): Promise<WorkerStream> {
    // A client of its own per attempt: grpc-js would wait its own back-off, up to 2 minutes, first.
    const client = new Client(this.#address, credentials.createInsecure(), channelOptions);
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const stream = new WorkerStream(call, this.#tools.owner, this.#tools.clock);
    this.#stream = stream;
    await stream.over;
    this.#stream = undefined;
    client.close();
    return stream;
  }

  /** Doubles from 0.1 to 2 s, halved at random, so that many workers do not come back at once. */
  async #pause(failures: number): Promise<void> {
    const longestMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
    const pauseMs = longestMs * (0.5 + this.#tools.random.uniform() / 2);
    try {
      await this.#tools.clock.sleep(pauseMs, this.#stopped.signal);
    } catch {
      // Stopped: the loop ends.
    }
  }
}

/** Attempts that failed in a row; countless where another stream of ours serves that aggregator. */
function failuresAfter(stream: WorkerStream, failures: number): number {
  if (stream.isAccepted && !stream.isReplaced) return 1;
  return stream.aggregatorId === '' ? failures + 1 : Number.POSITIVE_INFINITY;
}
