import type {
  BundleContents,
  ExpertSignature,
  GoldenVector,
} from '../../services/domain/bundle.ts';
import { ChorusError } from '../../services/domain/errors.ts';
import type { BundleRef } from '../../services/domain/presence.ts';
import type { TaskFailure } from '../../services/domain/reply.ts';
import { type DataType, elementBytes, type Tensor } from '../../services/domain/tensor.ts';
import type {
  LoadedModel,
  ModelRunner,
} from '../../services/platform/model-runner/model-runner.ts';
import { metrics } from '../../services/platform/telemetry/metrics.ts';

/** One expert of one bundle, loaded and proved. */
export interface ReadyModel {
  readonly signature: ExpertSignature;
  readonly model: LoadedModel;
}

/** Largest difference from a golden output that a float may show. */
const goldenTolerance = 1e-4;

/** The models that this worker holds: its experts, of each bundle that it was told to load. */
export class ExpertModels {
  readonly #runner: Pick<ModelRunner, 'load'>;
  readonly #isMine: (mixture: string, expert: string) => boolean;
  readonly #models = new Map<string, ReadyModel>();
  readonly #ready: BundleRef[] = [];
  readonly #refusals = new Map<string, string>();

  /** @param isMine which experts this worker runs (setting `EXPERTS`). */
  constructor(
    runner: Pick<ModelRunner, 'load'>,
    isMine: (mixture: string, expert: string) => boolean,
  ) {
    this.#runner = runner;
    this.#isMine = isMine;
  }

  /** Bundles of which every expert of ours is ready. */
  get ready(): readonly BundleRef[] {
    return this.#ready;
  }

  /** The model that a task asks for. */
  find(mixture: string, bundle: string, expert: string): ReadyModel | undefined {
    return this.#models.get(keyOf(mixture, bundle, expert));
  }

  /** Why `find` knows no such model: what its task gets for an answer. */
  whyMissing(mixture: string, bundle: string, expert: string): TaskFailure {
    const refusal = this.#refusals.get(bundleKey(mixture, bundle));
    if (refusal !== undefined) return { code: 'bundle_rejected', message: refusal };
    const message = `this worker does not hold ${mixture}/${bundle} for expert ${expert}`;
    return { code: 'unknown_bundle', message };
  }

  /**
   * Loads this worker's experts of a bundle and runs their golden vectors.
   * @throws ChorusError `bundle_rejected` with the reason; nothing of the bundle is kept then.
   */
  async load(contents: BundleContents): Promise<void> {
    const { mixture, version } = contents.manifest;
    const key = bundleKey(mixture, version);
    try {
      const loaded = await this.#loadProved(contents);
      for (const ready of loaded) {
        this.#models.set(keyOf(mixture, version, ready.signature.name), ready);
      }
    } catch (thrown) {
      const error = ChorusError.from(thrown, 'bundle_rejected');
      this.#refusals.set(key, error.message);
      throw error;
    }
    this.#refusals.delete(key);
    this.#ready.push({ mixture, bundle: version });
    metrics.bundleInfo.set({ mixture, bundle: version }, 1);
  }

  async #loadProved(contents: BundleContents): Promise<readonly ReadyModel[]> {
    const { mixture, version, experts, golden } = contents.manifest;
    const mine = experts.filter(({ name }) => this.#isMine(mixture, name));
    const loadings = await Promise.allSettled(
      mine.map(async (signature): Promise<ReadyModel> => {
        const name = keyOf(mixture, version, signature.name);
        const model = await this.#runner.load(name, contents.file(signature.file), signature);
        return { signature, model };
      }),
    );
    const loaded = loadings.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    try {
      for (const each of loadings) if (each.status === 'rejected') throw each.reason;
      await Promise.all(
        loaded.flatMap((ready) =>
          golden
            .filter(({ expert }) => expert === ready.signature.name)
            .map((vector) => prove(ready, vector)),
        ),
      );
    } catch (thrown) {
      await Promise.all(loaded.map(({ model }) => model.release()));
      throw thrown;
    }
    return loaded;
  }

  /** Releases every model. */
  async close(): Promise<void> {
    const models = [...this.#models.values()];
    this.#models.clear();
    this.#ready.length = 0;
    await Promise.all(models.map(({ model }) => model.release()));
  }
}

async function prove({ model, signature }: ReadyModel, golden: GoldenVector): Promise<void> {
  const inputs = golden.inputs.map(({ name, dtype, shape, values }): Tensor => {
    return { name, dtype, shape, data: bytesFrom(dtype, values) };
  });
  const { outputs } = await model.run(inputs);
  for (const { name, dtype, values } of golden.outputs) {
    const output = outputs.find((candidate) => candidate.name === name);
    const found = output === undefined ? [] : numbersIn(output.dtype, output.data);
    const isEqual =
      output?.dtype === dtype &&
      found.length === values.length &&
      found.every((value, index) => Math.abs(value - (values[index] ?? NaN)) <= goldenTolerance);
    if (!isEqual) {
      const message = `expert ${signature.name}: output ${name} differs from its golden vector`;
      throw new ChorusError('bundle_rejected', message);
    }
  }
}

function bytesFrom(dtype: DataType, values: readonly number[]): Uint8Array {
  const data = new Uint8Array(values.length * elementBytes[dtype]);
  const view = new DataView(data.buffer);
  for (const [index, value] of values.entries()) {
    const at = index * elementBytes[dtype];
    if (dtype === 'float32') view.setFloat32(at, value, true);
    else if (dtype === 'int32') view.setInt32(at, value, true);
    else if (dtype === 'int64') view.setBigInt64(at, BigInt(value), true);
    else view.setUint8(at, value);
  }
  return data;
}

function numbersIn(dtype: DataType, data: Uint8Array): number[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: data.byteLength / elementBytes[dtype] }, (_, index) => {
    const at = index * elementBytes[dtype];
    if (dtype === 'float32') return view.getFloat32(at, true);
    if (dtype === 'int32') return view.getInt32(at, true);
    if (dtype === 'int64') return Number(view.getBigInt64(at, true));
    return view.getUint8(at);
  });
}

function bundleKey(mixture: string, bundle: string): string {
  return `${mixture}/${bundle}`;
}

function keyOf(mixture: string, bundle: string, expert: string): string {
  return `${mixture}/${bundle}/${expert}`;
}
