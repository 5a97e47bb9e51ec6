import type { Tensor } from '../../domain/tensor.ts';
import type { Clock } from '../clock/clock.ts';
import { importKernel } from './import-kernel.ts';
import type {
  KernelSource,
  ModelSource,
  ThreadReply,
  ThreadRequest,
} from './model-thread-messages.ts';
import type { ModelInterface } from './signature-check.ts';
import { ownBuffers } from './transferable.ts';

/** Something that a model thread can run: an ONNX session, or a kernel. */
export interface ThreadModel {
  /** Its own inputs and outputs; a kernel knows none and trusts the signature. */
  readonly model: ModelInterface | undefined;
  run(inputs: readonly Tensor[], outputs: readonly string[]): Promise<readonly Tensor[]>;
  release(): Promise<void>;
}

/** Creates a model of an ONNX file in this thread. */
export type OpenModel = (bytes: Uint8Array) => Promise<ThreadModel>;

/** The models of one thread, by the number that the runner gave each. */
export class ThreadModels {
  readonly #clock: Clock;
  readonly #open: OpenModel;
  readonly #models = new Map<number, ThreadModel>();

  constructor(clock: Clock, open: OpenModel) {
    this.#clock = clock;
    this.#open = open;
  }

  /** Does what a request asks; a failure is a reply too. */
  async answer(request: ThreadRequest): Promise<ThreadReply> {
    const { call } = request;
    try {
      if (request.kind === 'load') return await this.#load(call, request.model, request.source);
      if (request.kind === 'run') return await this.#run(request);
      await this.#models.get(request.model)?.release();
      this.#models.delete(request.model);
      return { kind: 'released', call };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { kind: 'failed', call, message };
    }
  }

  /** Frees every model. */
  async releaseAll(): Promise<void> {
    const models = [...this.#models.values()];
    this.#models.clear();
    await Promise.all(models.map((model) => model.release()));
  }

  async #load(call: number, model: number, source: ModelSource): Promise<ThreadReply> {
    const opened = await ('bytes' in source ? this.#open(source.bytes) : openKernel(source));
    this.#models.set(model, opened);
    return { kind: 'loaded', call, model: opened.model };
  }

  async #run(request: ThreadRequest & { kind: 'run' }): Promise<ThreadReply> {
    const { call, inputs, outputs } = request;
    const model = this.#models.get(request.model);
    if (model === undefined) throw new Error('this thread could not load the model again');
    const startedUs = this.#clock.monotonicUs();
    const tensors = await model.run(inputs, outputs);
    const runUs = this.#clock.monotonicUs() - startedUs;
    return { kind: 'ran', call, outputs: ownBuffers(tensors), runUs };
  }
}

async function openKernel(source: KernelSource): Promise<ThreadModel> {
  const kernel = await importKernel(source.kernel, source.constants);
  return {
    model: undefined,
    run: async (inputs) => kernel(inputs),
    release: async () => undefined,
  };
}
