import { Worker } from 'node:worker_threads';
import { ChorusError } from '../../domain/errors.ts';
import type { Clock, Timer } from '../clock/clock.ts';
import type { ThreadAnswer, ThreadReply, ThreadRequest } from './model-thread-messages.ts';
import type { NamelessTensor } from './packet.ts';
import { type PackedResult, type PackedRun, packRuns, unpackResults } from './run-packets.ts';

/** What a model thread needs to know. */
export interface ModelThreadOptions {
  readonly clock: Clock;
  /** The file that it runs. */
  readonly script: URL;
  /** A call that takes longer counts as a crash, in ms. */
  readonly callTimeoutMs: number;
  /** Called once when the thread stops by itself, after its calls were rejected. */
  readonly onCrash: (error: ChorusError) => void;
}

type WithoutCall<Request> = Request extends ThreadRequest ? Omit<Request, 'call'> : never;

interface Waiter {
  readonly resolve: (answer: ThreadReply | PackedResult) => void;
  readonly reject: (error: ChorusError) => void;
}

/** So many runs go without waiting for the turn's end: the thread shall not stand idle meanwhile. */
const maxRunsWaiting = 32;

/**
 * The serving side of one model thread. Runs of the same turn travel in one message, because a
 * message costs about 30 µs there and back whatever it holds. Plain postMessage: a thread that
 * waits on Atomics, or spins, was no faster and took more CPU.
 */
export class ModelThread {
  readonly #options: ModelThreadOptions;
  readonly #worker: Worker;
  readonly #waiters = new Map<number, Waiter>();
  readonly #watch: Timer;
  readonly #exited = Promise.withResolvers<void>();
  #runs: PackedRun[] = [];
  #calls = 0;
  #answered = 0;
  #lastProgressUs = 0;
  #stopped: ChorusError | undefined;
  #ended: Promise<void> | undefined;

  constructor(options: ModelThreadOptions) {
    this.#options = options;
    this.#worker = new Worker(options.script, { name: 'models' });
    this.#worker.on('message', (answer: ThreadAnswer) => this.#take(answer));
    this.#worker.on('error', (error) => this.#crash(String(error)));
    this.#worker.on('exit', (code) => this.#crash(`exit code ${code}`));
    this.#watch = options.clock.every(options.callTimeoutMs / 4, () => this.#checkProgress());
  }

  /** Calls without a reply yet. */
  get inFlight(): number {
    return this.#waiters.size;
  }

  /** Whether it ever answered a call: a thread that never did is broken rather than unlucky. */
  get hasAnswered(): boolean {
    return this.#answered > 0;
  }

  /**
   * Asks for something that is no run, after everything asked before.
   * @throws ChorusError `model_failed` with the thread's message, or when the thread stops.
   */
  async call(request: WithoutCall<ThreadRequest>): Promise<ThreadReply> {
    const { call, answer } = this.#newCall();
    this.#flush();
    this.#worker.postMessage({ ...request, call }, []);
    const reply = await answer;
    if ('outputs' in reply) throw new ChorusError('internal', `${request.kind} was run`);
    return reply;
  }

  /**
   * Runs a model, after everything asked before.
   * @param inputs in the order of its signature; not to be changed before this settles.
   * @throws ChorusError `model_failed` with the thread's message, or when the thread stops.
   */
  async run(model: number, inputs: readonly NamelessTensor[]): Promise<PackedResult> {
    const { call, answer } = this.#newCall();
    if (this.#runs.length === 0) this.#options.clock.nextTurn(() => this.#flush());
    this.#runs.push({ call, model, inputs });
    if (this.#runs.length === maxRunsWaiting) this.#flush();
    const result = await answer;
    if ('outputs' in result) return result;
    throw new ChorusError('internal', `the model thread answered a run with '${result.kind}'`);
  }

  /** Lets it finish what was asked, free its models and end. Harmless twice. */
  async end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    if (this.#stopped !== undefined) return;
    this.#lastProgressUs = this.#options.clock.monotonicUs();
    // Runs of this turn go first.
    this.#flush();
    this.#worker.postMessage('end', []);
    // A thread that hangs settles this too, through the watch.
    await this.#exited.promise;
  }

  #newCall(): { call: number; answer: Promise<ThreadReply | PackedResult> } {
    if (this.#stopped !== undefined) throw this.#stopped;
    this.#calls += 1;
    const { promise, resolve, reject } = Promise.withResolvers<ThreadReply | PackedResult>();
    if (this.#waiters.size === 0) this.#lastProgressUs = this.#options.clock.monotonicUs();
    this.#waiters.set(this.#calls, { resolve, reject });
    return { call: this.#calls, answer: promise };
  }

  #flush(): void {
    const runs = this.#runs;
    if (runs.length === 0) return;
    this.#runs = [];
    try {
      const packet = packRuns(runs);
      this.#worker.postMessage(packet, [packet]);
    } catch (error) {
      // Nobody awaits the end of a turn: without this, too little memory would end the process.
      for (const { call } of runs) this.#settle({ kind: 'failed', call, message: String(error) });
    }
  }

  #take(answer: ThreadAnswer): void {
    this.#lastProgressUs = this.#options.clock.monotonicUs();
    if (!(answer instanceof ArrayBuffer)) return this.#settle(answer);
    for (const result of unpackResults(answer)) this.#settle(result);
  }

  #settle(answer: ThreadReply | PackedResult): void {
    this.#answered += 1;
    const waiter = this.#waiters.get(answer.call);
    this.#waiters.delete(answer.call);
    if ('outputs' in answer || answer.kind !== 'failed') waiter?.resolve(answer);
    else waiter?.reject(new ChorusError('model_failed', answer.message));
  }

  #checkProgress(): void {
    const idle = this.#waiters.size === 0 && this.#ended === undefined;
    const silentMs = (this.#options.clock.monotonicUs() - this.#lastProgressUs) / 1000;
    if (idle || silentMs < this.#options.callTimeoutMs) return;
    this.#crash(`no reply within ${this.#options.callTimeoutMs} ms`);
    // Not awaited: a thread inside native code ends only when that returns.
    void this.#worker.terminate();
  }

  #crash(reason: string): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = new ChorusError('model_failed', `the model thread stopped: ${reason}`);
    this.#watch.cancel();
    this.#exited.resolve();
    for (const { reject } of this.#waiters.values()) reject(this.#stopped);
    this.#waiters.clear();
    if (this.#ended === undefined) this.#options.onCrash(this.#stopped);
  }
}
