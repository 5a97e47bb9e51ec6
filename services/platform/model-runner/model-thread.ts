import { Worker } from 'node:worker_threads';
import { ChorusError } from '../../domain/errors.ts';
import type { Tensor } from '../../domain/tensor.ts';
import type { Clock, Timer } from '../clock/clock.ts';
import type { ThreadReply, ThreadRequest } from './model-thread-messages.ts';
import { buffersOf } from './transferable.ts';

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
  readonly resolve: (reply: ThreadReply) => void;
  readonly reject: (error: ChorusError) => void;
}

/**
 * The serving side of one model thread. Requests of the same turn travel in one message, because
 * a message costs about 30 µs there and back whatever it holds, and their buffers are transferred. Plain
 * postMessage: a thread that waits on Atomics, or spins, was no faster and took more CPU.
 */
export class ModelThread {
  readonly #options: ModelThreadOptions;
  readonly #worker: Worker;
  readonly #waiters = new Map<number, Waiter>();
  readonly #watch: Timer;
  readonly #exited = Promise.withResolvers<void>();
  #outbox: ThreadRequest[] = [];
  #transfers = new Set<ArrayBuffer>();
  #calls = 0;
  #answered = 0;
  #lastProgressUs = 0;
  #stopped: ChorusError | undefined;
  #ended: Promise<void> | undefined;

  constructor(options: ModelThreadOptions) {
    this.#options = options;
    this.#worker = new Worker(options.script, { name: 'models' });
    this.#worker.on('message', (replies: readonly ThreadReply[]) => this.#settle(replies));
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
   * Asks for something, after everything asked before.
   * @param tensors whose buffers go with the request.
   * @throws ChorusError `model_failed` with the thread's message, or when the thread stops.
   */
  async call(request: WithoutCall<ThreadRequest>, tensors: readonly Tensor[] = []) {
    if (this.#stopped !== undefined) throw this.#stopped;
    this.#calls += 1;
    const { promise, resolve, reject } = Promise.withResolvers<ThreadReply>();
    if (this.#waiters.size === 0) this.#lastProgressUs = this.#options.clock.monotonicUs();
    this.#waiters.set(this.#calls, { resolve, reject });
    this.#post({ ...request, call: this.#calls }, tensors);
    const reply = await promise;
    if (reply.kind === 'failed') throw new ChorusError('model_failed', reply.message);
    return reply;
  }

  /** Lets it finish what was asked, free its models and end. Harmless twice. */
  async end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    if (this.#stopped !== undefined) return;
    this.#lastProgressUs = this.#options.clock.monotonicUs();
    // Requests of this turn go first.
    this.#flush();
    this.#worker.postMessage('end', []);
    // A thread that hangs settles this too, through the watch.
    await this.#exited.promise;
  }

  #post(request: ThreadRequest, tensors: readonly Tensor[]): void {
    if (this.#outbox.length === 0) queueMicrotask(() => this.#flush());
    this.#outbox.push(request);
    for (const buffer of buffersOf(tensors)) this.#transfers.add(buffer);
  }

  #flush(): void {
    const requests = this.#outbox;
    const transfers = this.#transfers;
    this.#outbox = [];
    this.#transfers = new Set();
    if (requests.length === 0) return;
    try {
      this.#worker.postMessage(requests, [...transfers]);
    } catch (error) {
      // Somebody kept using a buffer that was handed over: without this catch the process would
      // end, because nobody awaits a microtask.
      this.#settle(requests.map(({ call }) => ({ kind: 'failed', call, message: String(error) })));
    }
  }

  #settle(replies: readonly ThreadReply[]): void {
    this.#lastProgressUs = this.#options.clock.monotonicUs();
    for (const reply of replies) {
      this.#answered += 1;
      this.#waiters.get(reply.call)?.resolve(reply);
      this.#waiters.delete(reply.call);
    }
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
