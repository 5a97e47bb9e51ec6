import type { ModelSignature } from '../domain/bundle.ts';
import { floatsOf, floatTensor, intTensor } from '../domain/tensor.ts';
import type { LoadedModel, ModelRunner } from '../platform/model-runner/model-runner.ts';
import { agedWeights, type KnownHistory } from './history.ts';
import type { RecommenderBundle } from './recommender-bundle.ts';

/**
 * u0: what the base blocks know of a user, folded in from the history. Runs in the model runner's
 * threads, because one fold-in takes 0.4 ms at width 64 and up to 29 ms at 192.
 */
export class BaseVectors {
  readonly #models: readonly LoadedModel[];
  readonly #bundle: RecommenderBundle;

  private constructor(bundle: RecommenderBundle, models: readonly LoadedModel[]) {
    this.#bundle = bundle;
    this.#models = models;
  }

  /** Puts the bundle's base blocks into the runner's threads. */
  static async open(runner: ModelRunner, bundle: RecommenderBundle): Promise<BaseVectors> {
    const kernel = new URL(`./fold-in-kernel${extension}`, import.meta.url);
    const models = await Promise.all(
      bundle.baseBlocks.map(async (block, index) => {
        const name = `recommender/${bundle.version}/base-${index}`;
        const { start, width, alpha, lambda, gram } = block;
        const vectors = new Float32Array(bundle.items.length * width);
        for (let row = 0; row < bundle.items.length; row += 1) {
          const from = row * bundle.width + start;
          vectors.set(bundle.head.subarray(from, from + width), row * width);
        }
        return await runner.loadKernel(name, kernel, signatureOf(name, width), [
          floatTensor('vectors', [bundle.items.length, width], vectors),
          floatTensor('gram', [width, width], gram.slice()),
          floatTensor('regularisation', [2], Float32Array.of(alpha, lambda)),
        ]);
      }),
    );
    return new BaseVectors(bundle, models);
  }

  /** u of each base block; zeros for an empty history. */
  async of(history: Pick<KnownHistory, 'rows' | 'weights'>): Promise<readonly Float32Array[]> {
    const { baseBlocks } = this.#bundle;
    if (history.rows.length === 0) return baseBlocks.map(({ width }) => new Float32Array(width));
    return await Promise.all(
      this.#models.map(async (model, index) => {
        const weights = agedWeights(history.weights, baseBlocks[index]?.halfLifeItems ?? null);
        const shape = [1, history.rows.length];
        const { outputs } = await model.run([
          intTensor('items', shape, history.rows.slice()),
          floatTensor('weights', shape, weights),
        ]);
        const [vector] = outputs;
        return vector === undefined ? new Float32Array(0) : floatsOf(vector);
      }),
    );
  }

  /** Frees the threads' copies. */
  async close(): Promise<void> {
    await Promise.all(this.#models.map((model) => model.release()));
  }
}

// The kernel is loaded by a thread of its own, as it lies beside this file: source or compiled.
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

function signatureOf(file: string, width: number): ModelSignature {
  return {
    file,
    inputs: [
      { name: 'items', dtype: 'int32', shape: ['batch', 'ragged'] },
      { name: 'weights', dtype: 'float32', shape: ['batch', 'ragged'] },
    ],
    outputs: [{ name: 'u', dtype: 'float32', shape: ['batch', width] }],
  };
}
