import { availableParallelism } from 'node:os';
import type { ModelSignature } from '../../domain/bundle.ts';
import { ChorusError } from '../../domain/errors.ts';
import type { Tensor } from '../../domain/tensor.ts';
import type { Clock } from '../clock/clock.ts';
import { logger } from '../telemetry/logger.ts';
import { copied } from './copied.ts';
import type { LoadedModel, ModelRun, ModelRunner } from './model-runner.ts';
import { checkOnnx, defaultOnnxLimits, type OnnxLimits } from './onnx-safety.ts';
import { checkOutputRows, checkSignature, orderInputs } from './signature-check.ts';
import type { ModelSource } from './model-thread-messages.ts';
import type { NamelessTensor } from './packet.ts';
import { ThreadSlot } from './thread-slot.ts';

/** How the pool of model threads is made. */
export interface OnnxModelRunnerOptions {
  readonly clock: Clock;
  /** Runs at once; unless told, one fewer than the cores, at least 1. */
  readonly threads?: number;
  /** Threads that hold a copy of each model; all of them unless told. */
  readonly replicas?: number;
  /** What models may hold; fields left out keep `defaultOnnxLimits`. */
  readonly limits?: Partial<OnnxLimits>;
  /** A load or a run that takes longer loses its thread, in ms; 60,000 unless told. */
  readonly callTimeoutMs?: number;
  /** The script of the threads, for tests. */
  readonly script?: URL;
}

// tsc does not rewrite the extension inside a URL, and this file runs as .ts and as .js.
const onnxThread = import.meta.url.endsWith('.ts') ? './onnx-thread.ts' : './onnx-thread.js';

/**
 * ONNX Runtime in worker threads, on the CPU. Every model is held by `replicas` threads, and a run
 * goes to the least busy of them. With a copy on each thread, which is the default, whichever
 * expert is in demand can use every core; where memory is short, fewer copies spread the models
 * by size instead. Each copy costs about the size of its file, and the runner keeps one more, to
 * load it again after a crash.
 */
export class OnnxModelRunner implements ModelRunner {
  readonly device = 'cpu';
  readonly capacity: number;
  readonly #slots: ThreadSlot[];
  readonly #replicas: number;
  readonly #limits: OnnxLimits;
  #models = 0;
  #closed: Promise<void> | undefined;

  constructor(options: OnnxModelRunnerOptions) {
    this.capacity = options.threads ?? Math.max(1, availableParallelism() - 1);
    this.#replicas = Math.min(options.replicas ?? this.capacity, this.capacity);
    this.#limits = { ...defaultOnnxLimits, ...options.limits };
    this.#slots = Array.from({ length: this.capacity }, () => new ThreadSlot(slotOptions(options)));
  }

  async load(name: string, bytes: Uint8Array, signature: ModelSignature): Promise<LoadedModel> {
    this.#requireOpen();
    try {
      checkOnnx(bytes, this.#limits);
    } catch (error) {
      throw rejected(name, error);
    }
    // A copy of our own: what was checked is what threads load, today and after a crash.
    return this.#place(name, { bytes: new Uint8Array(bytes) }, signature);
  }

  async loadKernel(
    name: string,
    module: URL,
    signature: ModelSignature,
    constants: readonly Tensor[],
  ): Promise<LoadedModel> {
    this.#requireOpen();
    const copies = constants.map((tensor) => copied(tensor));
    return this.#place(name, { kernel: module.href, constants: copies }, signature);
  }

  async close(): Promise<void> {
    this.#closed ??= Promise.all(this.#slots.map((slot) => slot.end())).then(() => undefined);
    return this.#closed;
  }

  async #place(name: string, source: ModelSource, signature: ModelSignature): Promise<LoadedModel> {
    this.#models += 1;
    const model = this.#models;
    const slots = this.#slots
      .toSorted((a, b) => a.heldBytes - b.heldBytes)
      .slice(0, this.#replicas);
    const loads = await Promise.allSettled(
      slots.map((slot) => slot.load(model, { source, signature })),
    );
    try {
      for (const load of loads) {
        if (load.status === 'rejected') throw load.reason;
        if (load.value !== undefined) checkSignature(signature, load.value);
      }
    } catch (error) {
      await Promise.allSettled(slots.map((slot) => slot.release(model)));
      throw rejected(name, error);
    }
    return new OnnxModel({ model, name, signature, slots, requireOpen: () => this.#requireOpen() });
  }

  #requireOpen(): void {
    if (this.#closed === undefined) return;
    throw new ChorusError('unavailable', 'the model runner is closed');
  }
}

interface OnnxModelParts {
  readonly model: number;
  readonly name: string;
  readonly signature: ModelSignature;
  readonly slots: readonly ThreadSlot[];
  readonly requireOpen: () => void;
}

class OnnxModel implements LoadedModel {
  readonly #parts: OnnxModelParts;
  #released: Promise<void> | undefined;

  constructor(parts: OnnxModelParts) {
    this.#parts = parts;
  }

  async run(inputs: readonly Tensor[]): Promise<ModelRun> {
    const { model, name, signature, slots, requireOpen } = this.#parts;
    requireOpen();
    if (this.#released !== undefined) {
      throw new ChorusError('unknown_bundle', `the model ${name} was released`);
    }
    const ordered = orderInputs(signature, inputs);
    const slot = slots.reduce((least, each) => (each.inFlight < least.inFlight ? each : least));
    const run = await slot.run(model, ordered);
    const outputs = signature.outputs.map((each, index) => named(each.name, run.outputs[index]));
    checkOutputRows(signature, ordered, outputs);
    return { outputs, runUs: run.runUs };
  }

  async release(): Promise<void> {
    const { model, slots } = this.#parts;
    this.#released ??= Promise.all(slots.map((slot) => slot.release(model))).then(() => undefined);
    return this.#released;
  }
}

function named(name: string, output: NamelessTensor | undefined): Tensor {
  if (output === undefined) throw new ChorusError('model_failed', `the run gave no ${name}`);
  return { name, dtype: output.dtype, shape: output.shape, data: output.data };
}

function slotOptions(options: OnnxModelRunnerOptions) {
  return {
    clock: options.clock,
    script: options.script ?? new URL(onnxThread, import.meta.url),
    callTimeoutMs: options.callTimeoutMs ?? 60_000,
    onCrash: (error: ChorusError, models: number) => {
      logger.error({ reason: error.message, models }, 'a model thread crashed and was replaced');
    },
  };
}

function rejected(name: string, error: unknown): ChorusError {
  const { message } = ChorusError.from(error);
  return new ChorusError('bundle_rejected', `${name}: ${message}`, { cause: error });
}
