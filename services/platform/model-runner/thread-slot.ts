import { ChorusError } from '../../domain/errors.ts';
import type { HeldModel, ModelSource } from './model-thread-messages.ts';
import { ModelThread, type ModelThreadOptions } from './model-thread.ts';
import type { NamelessTensor } from './packet.ts';
import type { PackedResult } from './run-packets.ts';
import type { ModelInterface } from './signature-check.ts';

/** How one place of the pool keeps its thread. */
export interface ThreadSlotOptions extends Omit<ModelThreadOptions, 'onCrash'> {
  /** Told after a crash, with the number of models that must be loaded again. */
  readonly onCrash: (error: ChorusError, models: number) => void;
}

/**
 * One place of the pool: a thread and the models that it must hold. When the thread crashes, a new
 * one takes its place and loads them again; runs asked meanwhile wait behind that, since a thread
 * keeps the order of requests.
 *
 * A thread is not replaced for its releases, though sessions are said to leak: measured with
 * onnxruntime 1.30, memory stayed flat over 4,000 loads and releases in one thread, while each new
 * thread kept about 20 MB for ever, in an arena of glibc's allocator.
 */
export class ThreadSlot {
  readonly #options: ThreadSlotOptions;
  readonly #held = new Map<number, HeldModel>();
  #thread: ModelThread | undefined;
  #changes: Promise<unknown> = Promise.resolve();
  #arrivingBytes = 0;
  #ended = false;

  constructor(options: ThreadSlotOptions) {
    this.#options = options;
    this.#thread = this.#start();
  }

  /** Calls under way. */
  get inFlight(): number {
    return this.#thread?.inFlight ?? 0;
  }

  /** Bytes of the models held or on their way, by which new ones are spread. */
  get heldBytes(): number {
    const held = [...this.#held.values()].reduce((sum, { source }) => sum + bytesOf(source), 0);
    return held + this.#arrivingBytes;
  }

  /** Creates a model and holds it until `release`; says what the engine found in an ONNX file. */
  async load(model: number, held: HeldModel): Promise<ModelInterface | undefined> {
    const bytes = bytesOf(held.source);
    this.#arrivingBytes += bytes;
    return this.#inTurn(async () => {
      const reply = await this.#running().call({ kind: 'load', model, held });
      if (reply.kind !== 'loaded') throw unexpected(reply.kind);
      this.#held.set(model, held);
      return reply.model;
    }).finally(() => (this.#arrivingBytes -= bytes));
  }

  /** Runs a model that it holds, its inputs in the order of its signature. */
  async run(model: number, inputs: readonly NamelessTensor[]): Promise<PackedResult> {
    return this.#running().run(model, inputs);
  }

  /** Frees a model after the runs asked before. */
  async release(model: number): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.#held.delete(model)) return;
      // A thread that stops meanwhile has freed the model all the same.
      await this.#thread?.call({ kind: 'release', model }).catch(() => undefined);
    });
  }

  /** Waits for what was asked and ends the thread. */
  async end(): Promise<void> {
    await this.#inTurn(async () => {
      const thread = this.#thread;
      this.#ended = true;
      this.#thread = undefined;
      this.#held.clear();
      await thread?.end();
    });
  }

  // Loads and releases go one at a time, so that a thread taking over knows what to hold.
  async #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#changes.then(change);
    this.#changes = result.catch(() => undefined);
    return result;
  }

  #running(): ModelThread {
    if (this.#ended) throw new ChorusError('unavailable', 'the model runner is closed');
    if (this.#thread === undefined) {
      this.#thread = this.#start();
      // A model that does not load again fails its runs by itself; nothing waits for it here.
      void Promise.allSettled(this.#reload(this.#thread));
    }
    return this.#thread;
  }

  #start(): ModelThread {
    const thread = new ModelThread({
      ...this.#options,
      onCrash: (error) => this.#crashed(thread, error),
    });
    return thread;
  }

  #crashed(thread: ModelThread, error: ChorusError): void {
    if (thread !== this.#thread) return;
    this.#thread = undefined;
    this.#options.onCrash(error, this.#held.size);
    // One that never answered would crash again at once, for ever: the next call starts it.
    if (thread.hasAnswered) this.#running();
  }

  #reload(thread: ModelThread): Promise<unknown>[] {
    return [...this.#held].map(([model, held]) => thread.call({ kind: 'load', model, held }));
  }
}

function bytesOf(source: ModelSource): number {
  if ('bytes' in source) return source.bytes.byteLength;
  return source.constants.reduce((sum, { data }) => sum + data.byteLength, 0);
}

function unexpected(kind: string): ChorusError {
  return new ChorusError('internal', `the model thread answered a call with '${kind}'`);
}
