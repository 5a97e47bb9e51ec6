import type { ItemOverlay } from '../domain/item.ts';
import type { RecommenderBundle } from './recommender-bundle.ts';
import { vectorOfGenres } from './genre-vectors.ts';

/**
 * The items that an answer may show: the bundle's, less those that the records say are deleted,
 * and behind them, in rows of their own, those that were added since. An added item has no history
 * yet; it is ranked by the mean vector of its genres, and not at all when the bundle knows none of
 * them.
 */
export class Catalogue {
  /** Changes with every change of an item. */
  readonly version: string;
  /** Every row that may be in an answer. */
  readonly rows: Int32Array;
  /** Q of the added items, whose rows follow on those of the bundle. */
  readonly addedHead: Float32Array;
  /** Room for the marks of one contest: a byte for each row, 0 between contests. */
  readonly barred: Uint8Array;
  readonly #bundle: RecommenderBundle;
  readonly #overlay: ItemOverlay;
  readonly #gone: ReadonlySet<number>;
  readonly #addedIds: readonly string[];
  readonly #addedRows: ReadonlyMap<string, number>;

  constructor(bundle: RecommenderBundle, overlay: ItemOverlay) {
    this.version = overlay.version;
    this.#bundle = bundle;
    this.#overlay = overlay;
    this.#gone = new Set([...overlay.deleted].flatMap((id) => bundle.rows.get(id) ?? []));
    const added = [...overlay.upserted.values()].flatMap(({ itemId, genres }) => {
      const vector = bundle.rows.has(itemId) ? undefined : vectorOfGenres(bundle, genres);
      return vector === undefined ? [] : [{ itemId, vector }];
    });
    const first = bundle.items.length;
    this.addedHead = new Float32Array(added.length * bundle.width);
    for (const [index, { vector }] of added.entries()) {
      this.addedHead.set(vector, index * bundle.width);
    }
    this.#addedIds = added.map(({ itemId }) => itemId);
    this.#addedRows = new Map(this.#addedIds.map((id, index) => [id, first + index]));
    const all = Int32Array.from({ length: first + added.length }, (_, row) => row);
    this.rows = all.filter((row) => !this.#gone.has(row));
    this.barred = new Uint8Array(all.length);
  }

  /** The row of an item; undefined when nobody knows it, it is deleted, or nothing is known to rank it by. */
  rowOf(itemId: string): number | undefined {
    const row = this.#bundle.rows.get(itemId);
    if (row === undefined) return this.#addedRows.get(itemId);
    return this.#gone.size > 0 && this.#gone.has(row) ? undefined : row;
  }

  /** Id of a row's item. */
  idOf(row: number): string {
    return this.#bundle.items[row]?.id ?? this.#addedIds[row - this.#bundle.items.length] ?? '';
  }

  /** Title of a row's item, as the records have it, else as the bundle has it. */
  titleOf(row: number): string {
    const { upserted } = this.#overlay;
    const renamed = upserted.size > 0 ? upserted.get(this.idOf(row)) : undefined;
    return renamed?.title ?? this.#bundle.items[row]?.title ?? '';
  }

  /** q: a row's columns of the head. */
  vectorOf(row: number): Float32Array {
    const { head, items, width } = this.#bundle;
    const added = row - items.length;
    return added < 0
      ? head.subarray(row * width, (row + 1) * width)
      : this.addedHead.subarray(added * width, (added + 1) * width);
  }
}

/** The catalogue of one bundle under what the records say now, put together anew for each overlay. */
export class CurrentCatalogue {
  readonly #bundle: RecommenderBundle;
  readonly #catalogues = new WeakMap<ItemOverlay, Catalogue>();

  constructor(bundle: RecommenderBundle) {
    this.#bundle = bundle;
  }

  /** The catalogue under this overlay. */
  under(overlay: ItemOverlay): Catalogue {
    const known = this.#catalogues.get(overlay);
    if (known !== undefined) return known;
    const catalogue = new Catalogue(this.#bundle, overlay);
    this.#catalogues.set(overlay, catalogue);
    return catalogue;
  }
}
