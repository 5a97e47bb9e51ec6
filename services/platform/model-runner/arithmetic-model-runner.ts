import type { ModelSignature } from '../../domain/bundle.ts';
import { ChorusError } from '../../domain/errors.ts';
import type { Tensor } from '../../domain/tensor.ts';
import type { Clock } from '../clock/clock.ts';
import { importKernel } from './import-kernel.ts';
import type { LoadedModel, ModelRun, ModelRunner } from './model-runner.ts';
import { checkOutputRows, orderInputs } from './signature-check.ts';
import { sumOfRow } from './sum-of-row.ts';

/** What a model computes: its inputs in the signature's order to its outputs in theirs. */
export type ModelFunction = (
  inputs: readonly Tensor[],
  signature: ModelSignature,
) => readonly Tensor[];

/** What the stand-in computes and how long it takes. */
export interface ArithmeticModelRunnerOptions {
  readonly clock: Clock;
  /** Functions by the name given to `load`; others compute `sumOfRow`. */
  readonly models?: Readonly<Record<string, ModelFunction>>;
  /** Time that each run takes, in ms; none unless told. */
  readonly delayMs?: number;
  /** What `capacity` says; 1 unless told. It limits nothing. */
  readonly capacity?: number;
}

/**
 * A deterministic stand-in for tests and the simulation: models are functions, bytes are ignored
 * (none at all is refused), time is the clock's. The rest of the contract holds.
 */
export class ArithmeticModelRunner implements ModelRunner {
  readonly device = 'cpu';
  readonly capacity: number;
  readonly #options: ArithmeticModelRunnerOptions;
  readonly #failures: ChorusError[] = [];
  readonly #runs = new Set<Promise<ModelRun>>();
  #isClosed = false;

  constructor(options: ArithmeticModelRunnerOptions) {
    this.#options = options;
    this.capacity = options.capacity ?? 1;
  }

  async load(name: string, bytes: Uint8Array, signature: ModelSignature): Promise<LoadedModel> {
    this.#requireOpen();
    if (bytes.length === 0) throw new ChorusError('bundle_rejected', `${name}: the file is empty`);
    return this.#loaded(name, this.#options.models?.[name] ?? sumOfRow, signature);
  }

  async loadKernel(
    name: string,
    module: URL,
    signature: ModelSignature,
    constants: readonly Tensor[],
  ): Promise<LoadedModel> {
    this.#requireOpen();
    try {
      return this.#loaded(name, await importKernel(module.href, constants), signature);
    } catch (error) {
      const { message } = ChorusError.from(error);
      throw new ChorusError('bundle_rejected', `${name}: ${message}`, { cause: error });
    }
  }

  /** Makes the next runs fail, one for each call. */
  failNext(error = new ChorusError('model_failed', 'told to fail')): void {
    this.#failures.push(error);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#runs);
  }

  #loaded(name: string, compute: ModelFunction, signature: ModelSignature): LoadedModel {
    const runs = new Set<Promise<ModelRun>>();
    let isReleased = false;
    return {
      run: async (inputs) => {
        this.#requireOpen();
        if (isReleased) throw new ChorusError('unknown_bundle', `the model ${name} was released`);
        return tracked([runs, this.#runs], this.#run(compute, signature, inputs));
      },
      release: async () => {
        isReleased = true;
        await Promise.allSettled(runs);
      },
    };
  }

  async #run(
    compute: ModelFunction,
    signature: ModelSignature,
    given: readonly Tensor[],
  ): Promise<ModelRun> {
    const { clock, delayMs = 0 } = this.#options;
    const inputs = orderInputs(signature, given);
    const startedUs = clock.monotonicUs();
    if (delayMs > 0) await clock.sleep(delayMs);
    const failure = this.#failures.shift();
    if (failure !== undefined) throw failure;
    const outputs = attempt(() => compute(inputs, signature));
    checkOutputRows(signature, inputs, outputs);
    return { outputs, runUs: clock.monotonicUs() - startedUs };
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new ChorusError('unavailable', 'the model runner is closed');
  }
}

async function tracked(
  sets: readonly Set<Promise<ModelRun>>[],
  run: Promise<ModelRun>,
): Promise<ModelRun> {
  for (const set of sets) set.add(run);
  try {
    return await run;
  } finally {
    for (const set of sets) set.delete(run);
  }
}

function attempt<Result>(compute: () => Result): Result {
  try {
    return compute();
  } catch (error) {
    throw ChorusError.from(error, 'model_failed');
  }
}
