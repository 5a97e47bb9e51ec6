import type { ModelSignature } from '../../domain/bundle.ts';
import type { Tensor } from '../../domain/tensor.ts';
import type { Clock } from '../clock/clock.ts';
import { importKernel } from './import-kernel.ts';
import type {
  HeldModel,
  KernelSource,
  ThreadReply,
  ThreadRequest,
} from './model-thread-messages.ts';
import type { PackedResult, PackedRun } from './run-packets.ts';
import type { ModelInterface } from './signature-check.ts';

/** Something that a model thread can run: an ONNX session, or a kernel. */
export interface ThreadModel {
  /** Its own inputs and outputs; a kernel knows none and trusts the signature. */
  readonly model: ModelInterface | undefined;
  run(inputs: readonly Tensor[], outputs: readonly string[]): Promise<readonly Tensor[]>;
  release(): Promise<void>;
}

/** Creates a model of an ONNX file in this thread. */
export type OpenModel = (bytes: Uint8Array) => Promise<ThreadModel>;

interface LoadedInThread {
  readonly model: ThreadModel;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** The models of one thread, by the number that the runner gave each. */
export class ThreadModels {
  readonly #clock: Clock;
  readonly #open: OpenModel;
  readonly #models = new Map<number, LoadedInThread>();
  #lastEndUs = 0;

  constructor(clock: Clock, open: OpenModel) {
    this.#clock = clock;
    this.#open = open;
  }

  /** Does what a request asks; a failure is a reply too. */
  async answer(request: ThreadRequest): Promise<ThreadReply> {
    const { call } = request;
    try {
      if (request.kind === 'load') return await this.#load(call, request.model, request.held);
      await this.#models.get(request.model)?.model.release();
      this.#models.delete(request.model);
      return { kind: 'released', call };
    } catch (error) {
      return failed(call, error);
    }
  }

  /** Runs a model; a failure is a reply. Runs may be begun together: each blocks while it computes. */
  async run({ call, model: number, inputs }: PackedRun): Promise<PackedResult | ThreadReply> {
    try {
      const loaded = this.#models.get(number);
      if (loaded === undefined) throw new Error('this thread could not load the model again');
      const startedUs = this.#clock.monotonicUs();
      const named = inputs.map((input, index) => ({ name: loaded.inputs[index] ?? '', ...input }));
      const outputs = await loaded.model.run(named, loaded.outputs);
      const endedUs = this.#clock.monotonicUs();
      // One that was begun together with another computes only when that one has ended.
      const runUs = endedUs - Math.max(startedUs, this.#lastEndUs);
      this.#lastEndUs = endedUs;
      return { call, runUs, outputs };
    } catch (error) {
      return failed(call, error);
    }
  }

  /** Frees every model. */
  async releaseAll(): Promise<void> {
    const models = [...this.#models.values()];
    this.#models.clear();
    await Promise.all(models.map(({ model }) => model.release()));
  }

  async #load(
    call: number,
    number: number,
    { source, signature }: HeldModel,
  ): Promise<ThreadReply> {
    const model = await ('bytes' in source ? this.#open(source.bytes) : openKernel(source));
    this.#models.set(number, { model, ...namesIn(signature) });
    return { kind: 'loaded', call, model: model.model };
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

function namesIn({ inputs, outputs }: ModelSignature): Omit<LoadedInThread, 'model'> {
  return { inputs: inputs.map(({ name }) => name), outputs: outputs.map(({ name }) => name) };
}

function failed(call: number, error: unknown): ThreadReply {
  return { kind: 'failed', call, message: error instanceof Error ? error.message : String(error) };
}
