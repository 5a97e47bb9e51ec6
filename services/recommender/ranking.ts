import { tableProduct } from '../../models/graph/table-product.ts';
import type { ModelSignature } from '../domain/bundle.ts';
import type { RankedItem } from '../domain/recommendation.ts';
import type { Clock } from '../platform/clock/clock.ts';
import type { LoadedModel, ModelRunner } from '../platform/model-runner/model-runner.ts';
import { RowBatches } from '../platform/model-runner/row-batches.ts';
import type { Catalogue } from './catalogue.ts';
import { largestWholeCatalogue } from './contest.ts';
import { rankItems, type Scoring, scoreRows } from './rank-items.ts';
import type { RecommenderBundle } from './recommender-bundle.ts';
import { shortlist } from './shortlist.ts';

/**
 * Rows × columns from which the model runner's threads multiply: below it, 100 candidates at width
 * 64 or 25 at 512, the way there costs the serving thread more than the products.
 */
const worthTheWay = 16_384;
const maxBatchRows = 32;

/**
 * The best N of an answer. Where there is much to multiply, the products of the whole catalogue are
 * made in the model runner's threads, for all requests of the moment together. They choose who is
 * scored again, exactly as a few candidates would be: so neither the way nor the batch shows in an
 * answer.
 */
export class Ranking {
  readonly #bundle: RecommenderBundle;
  readonly #model: LoadedModel | undefined;
  readonly #products: RowBatches | undefined;

  private constructor(bundle: RecommenderBundle, model?: LoadedModel, products?: RowBatches) {
    this.#bundle = bundle;
    this.#model = model;
    this.#products = products;
  }

  /** Puts the head into the runner's threads, if any ranking will be worth the way. */
  static async open(
    runner: ModelRunner,
    bundle: RecommenderBundle,
    clock: Clock,
  ): Promise<Ranking> {
    const { head: table, width, items, version } = bundle;
    // A catalogue that is never ranked whole would only take room there.
    const isRankedWhole = items.length <= largestWholeCatalogue;
    if (!isRankedWhole || items.length * width < worthTheWay) return new Ranking(bundle);
    const graph = tableProduct({ table, rows: items.length, width });
    const name = `recommender/${version}/head`;
    const model = await runner.load(name, graph, signatureOf(name, width, items.length));
    const options = { clock, maxRows: maxBatchRows, capacity: runner.capacity };
    return new Ranking(bundle, model, new RowBatches({ model, input: 'z', width }, options));
  }

  /** The `topN` best of these rows, best first; equal scores in the order of their item ids. */
  async best(
    catalogue: Catalogue,
    rows: Int32Array,
    scoring: Scoring,
    topN: number,
  ): Promise<readonly RankedItem[]> {
    const chosen =
      rows.length * this.#bundle.width < worthTheWay
        ? rows
        : await this.#shortlist(catalogue, rows, scoring, topN);
    const scores = scoreRows(
      this.#bundle,
      scoring.user,
      scoring.sequence,
      chosen,
      catalogue.addedHead,
    );
    return rankItems(catalogue, chosen, scores, topN);
  }

  /** Frees the threads' copies. */
  async close(): Promise<void> {
    await this.#model?.release();
  }

  /** The rows that may be among the best; all of them where the threads can't help. */
  async #shortlist(
    catalogue: Catalogue,
    rows: Int32Array,
    scoring: Scoring,
    topN: number,
  ): Promise<Int32Array> {
    try {
      const products = await this.#products?.run(scoring.user.vector);
      if (products === undefined) return rows;
      return shortlist(this.#bundle, catalogue, { rows, products, scoring, topN });
    } catch {
      return rows;
    }
  }
}

function signatureOf(file: string, width: number, rows: number): ModelSignature {
  return {
    file,
    inputs: [{ name: 'z', dtype: 'float32', shape: ['batch', width] }],
    outputs: [{ name: 'products', dtype: 'float32', shape: ['batch', rows] }],
  };
}
