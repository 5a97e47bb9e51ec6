import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import type { Clock } from '../clock/clock.ts';
import type { Random } from '../random/random.ts';
import { channelOptions, type RawStreamMethod } from './raw-stream.ts';

const firstPauseMs = 100;
// Answers are without experts until the workers are back: an attempt costs a millisecond.
const longestPauseMs = 500;

/** Our end of one stream to an aggregator, from the call to its end. */
export interface DialledStream {
  /** Whose stream it is; empty before the aggregator has said a word. */
  readonly aggregatorId: string;
  /** Whether its owner took it as the one stream to that aggregator. */
  readonly isAccepted: boolean;
  /** Whether the aggregator ended it in favour of a newer stream of ours. */
  readonly isReplaced: boolean;
  /** Resolves when the stream is over, however it ended. */
  readonly over: Promise<void>;
  /** Ends it in good order. */
  leave(): Promise<void>;
}

/** What a dialler needs of its process. */
export interface DiallerTools {
  readonly method: RawStreamMethod;
  /** Takes a call that was just begun; each attempt is another one. */
  readonly begin: (call: ClientDuplexStream<Buffer, Buffer>) => DialledStream;
  readonly clock: Clock;
  readonly random: Random;
}

/** Keeps one address connected: dials, waits for the end, waits a little longer each time, dials again. */
export class AggregatorDialler {
  readonly #address: string;
  readonly #tools: DiallerTools;
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>;
  #stream: DialledStream | undefined;

  constructor(address: string, tools: DiallerTools) {
    this.#address = address;
    this.#tools = tools;
    this.#running = this.#run();
  }

  /** Whether an aggregator answers here, by this very stream. */
  get isConnected(): boolean {
    return this.#stream?.isAccepted ?? false;
  }

  /** Dials no more, ends the stream in good order. */
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
  async #hold(): Promise<DialledStream> {
    const { path, requestSerialize, responseDeserialize } = this.#tools.method;
    // A client of its own per attempt: grpc-js would wait its own back-off, up to 2 minutes, first.
    const client = new Client(this.#address, credentials.createInsecure(), channelOptions);
    const stream = this.#tools.begin(
      client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize),
    );
    this.#stream = stream;
    await stream.over;
    this.#stream = undefined;
    client.close();
    return stream;
  }

  /** Doubles from 0.1 to 0.5 s, halved at random, so that many processes do not come back at once. */
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
function failuresAfter(stream: DialledStream, failures: number): number {
  if (stream.isAccepted && !stream.isReplaced) return 1;
  return stream.aggregatorId === '' ? failures + 1 : Number.POSITIVE_INFINITY;
}
