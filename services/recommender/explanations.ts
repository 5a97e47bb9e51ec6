import type { ModelSignature } from '../domain/bundle.ts';
import type { Explanation, RankedItem } from '../domain/recommendation.ts';
import { floatsOf, floatTensor, intsOf, intTensor } from '../domain/tensor.ts';
import type { LoadedModel, ModelRunner } from '../platform/model-runner/model-runner.ts';
import type { Catalogue } from './catalogue.ts';
import type { ScaledUser } from './head.ts';
import { agedWeights, type KnownHistory } from './history.ts';
import type { RecommenderBundle } from './recommender-bundle.ts';
import { sequenceAmounts, type SequenceScores } from './sequence-scores.ts';

/** How an answer came about, in the numbers that made its scores. */
export interface ScoredAnswer {
  readonly catalogue: Catalogue;
  readonly history: KnownHistory;
  readonly user: ScaledUser;
  /** g_e z_e of each expert that answered. */
  readonly parts: ReadonlyMap<string, { readonly vector: Float32Array }>;
  readonly sequence: SequenceScores;
}

/**
 * Takes scores apart, exactly: the head is linear, and the base vectors and the sequence term are
 * linear in the history. The scales of the blocks count as given numbers. What experts make of the
 * history only they know: their part is in `other`.
 */
export class Explanations {
  readonly #bundle: RecommenderBundle;
  readonly #kernel: LoadedModel;

  private constructor(bundle: RecommenderBundle, kernel: LoadedModel) {
    this.#bundle = bundle;
    this.#kernel = kernel;
  }

  /** Puts what explaining needs of a bundle into the runner's threads: no vectors of items. */
  static async open(runner: ModelRunner, bundle: RecommenderBundle): Promise<Explanations> {
    const module = new URL(`./explain-kernel${extension}`, import.meta.url);
    const sizes = bundle.baseBlocks.flatMap(({ width, alpha, lambda }) => {
      return [width, bundle.items.length, alpha, lambda];
    });
    const kernel = await runner.loadKernel(
      `recommender/${bundle.version}/explain`,
      module,
      signature,
      [
        floatTensor('sizes', [bundle.baseBlocks.length, 4], Float32Array.from(sizes)),
        ...bundle.baseBlocks.map(({ width, gram }) =>
          floatTensor('gram', [width, width], gram.slice()),
        ),
      ],
    );
    return new Explanations(bundle, kernel);
  }

  /** The items of an answer, each with the parts of its score. */
  async explain(
    answer: ScoredAnswer,
    items: readonly RankedItem[],
  ): Promise<readonly RankedItem[]> {
    const rows = items.map(({ itemId }) => answer.catalogue.rowOf(itemId) ?? 0);
    const past = await this.#past(answer, rows);
    return items.map((item, index) => {
      const explanation = this.#explanation(answer, rows[index] ?? 0, past[index] ?? noPast);
      return { ...item, explanation };
    });
  }

  /** Frees the threads' copies. */
  async close(): Promise<void> {
    await this.#kernel.release();
  }

  #explanation(answer: ScoredAnswer, row: number, past: PastAmounts): Explanation {
    const { user, parts, sequence, catalogue } = answer;
    const { expertBlock, bias: biases, centre } = this.#bundle;
    const q = centred(catalogue.vectorOf(row), centre);
    const bias = biases[row] ?? 0;
    const base =
      product(user.vector.subarray(0, expertBlock.start), q) +
      bias +
      sequence.offset +
      (sequence.scores[row] ?? 0);
    const ofExperts = q.subarray(expertBlock.start);
    const experts = [...parts].map(([expert, { vector }]) => {
      return { expert, amount: user.expertScale * product(vector, ofExperts) };
    });
    const listed = past.history.reduce((sum, { amount }) => sum + amount, 0);
    const fromExperts = experts.reduce((sum, { amount }) => sum + amount, 0);
    const other = bias + fromExperts + (past.total - listed);
    return { base, experts, history: past.history, other };
  }

  async #past(
    { catalogue, history, user, sequence }: ScoredAnswer,
    rows: readonly number[],
  ): Promise<readonly PastAmounts[]> {
    if (history.rows.length === 0 || rows.length === 0) return [];
    const { baseBlocks, items, head, width, centre } = this.#bundle;
    const distinct = [...new Set(history.rows)];
    const groupOf = new Map(distinct.map((row, group) => [row, group]));
    const groups = history.rows.map((row) => groupOf.get(row) ?? 0);
    const vectors = baseBlocks.map(({ start, width: columns }) =>
      joined([...history.rows], (row) =>
        head.subarray(row * width + start, row * width + start + columns),
      ),
    );
    const weights = baseBlocks.map(({ halfLifeItems }) =>
      agedWeights(history.weights, halfLifeItems),
    );
    const targets = baseBlocks.map(({ start, width: columns }, index) => {
      const scale = user.baseScales[index] ?? 0;
      return joined(rows, (row) =>
        centred(catalogue.vectorOf(row), centre)
          .subarray(start, start + columns)
          .map((value) => scale * value),
      );
    });
    const fromSequence = joined(rows, (row) =>
      sequence.scale === 0
        ? new Float32Array(0)
        : sequenceAmounts(this.#bundle, history.rows, sequence.scale, row),
    );
    const { outputs } = await this.#kernel.run([
      flat(
        'vectors',
        joined(vectors, (block) => block),
      ),
      flat(
        'weights',
        joined(weights, (block) => block),
      ),
      intTensor('groups', [1, groups.length], groups),
      flat(
        'targets',
        joined(targets, (block) => block),
      ),
      flat('sequence', fromSequence),
    ]);
    const [listedGroups, amounts, totals] = outputs;
    if (!listedGroups || !amounts || !totals) return [];
    return cut(rows.length, intsOf(listedGroups), floatsOf(amounts), floatsOf(totals), (group) => {
      return items[distinct[group] ?? 0]?.id ?? '';
    });
  }
}

/** What past items contributed to one score. */
interface PastAmounts {
  readonly history: Explanation['history'];
  /** Of all past items, those that are not listed included. */
  readonly total: number;
}

const noPast: PastAmounts = { history: [], total: 0 };

// As the kernel lies beside this file: source or compiled.
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

const signature: ModelSignature = {
  file: 'explain-kernel',
  inputs: [
    { name: 'vectors', dtype: 'float32', shape: ['batch', 'ragged'] },
    { name: 'weights', dtype: 'float32', shape: ['batch', 'ragged'] },
    { name: 'groups', dtype: 'int32', shape: ['batch', 'ragged'] },
    { name: 'targets', dtype: 'float32', shape: ['batch', 'ragged'] },
    { name: 'sequence', dtype: 'float32', shape: ['batch', 'ragged'] },
  ],
  outputs: [
    { name: 'groups', dtype: 'int32', shape: ['batch', 'ragged'] },
    { name: 'amounts', dtype: 'float32', shape: ['batch', 'ragged'] },
    { name: 'totals', dtype: 'float32', shape: ['batch', 'ragged'] },
  ],
};

function cut(
  items: number,
  groups: Int32Array,
  amounts: Float32Array,
  totals: Float32Array,
  nameOf: (group: number) => string,
): readonly PastAmounts[] {
  const kept = groups.length / items;
  return Array.from(totals, (total, item) => ({
    total,
    history: Array.from({ length: kept }, (_, place) => ({
      itemId: nameOf(groups[item * kept + place] ?? 0),
      amount: amounts[item * kept + place] ?? 0,
    })),
  }));
}

function flat(name: string, values: Float32Array) {
  return floatTensor(name, [1, values.length], values);
}

function joined<Source>(
  sources: readonly Source[],
  valuesOf: (source: Source) => Float32Array,
): Float32Array {
  const pieces = sources.map(valuesOf);
  const all = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const piece of pieces) {
    all.set(piece, start);
    start += piece.length;
  }
  return all;
}

function centred(vector: Float32Array, centre: Float32Array): Float32Array {
  return vector.map((value, column) => value - (centre[column] ?? 0));
}

function product(left: Float32Array, right: Float32Array): number {
  let sum = 0;
  for (let column = 0; column < left.length; column += 1) {
    sum += (left[column] ?? 0) * (right[column] ?? 0);
  }
  return sum;
}
