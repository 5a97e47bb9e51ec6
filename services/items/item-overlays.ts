import { z } from 'zod';
import type { Item, ItemOverlay } from '../domain/item.ts';
import type { Records, Row } from '../platform/records/records.ts';
import { freshReads } from './fresh-reads.ts';
import {
  isAtLeast,
  isOneEpoch,
  numberOf,
  readItemsVersion,
  unchangedItemsVersion,
} from './items-version.ts';

const rowsPerRead = 2000;

/** The items of each tenant in this process's memory, read on from where it is when it is too old. */
export class ItemOverlays {
  readonly #records: Records;
  readonly #held = new Map<string, ItemOverlay>();
  readonly #refresh: (tenant: string) => Promise<ItemOverlay>;

  constructor(records: Records) {
    this.#records = records;
    this.#refresh = freshReads((tenant) => this.#read(tenant));
  }

  /**
   * The overlay at a version that was read a moment ago, or at a newer one; the last one that this
   * process held while the records cannot be reached.
   */
  async atLeast(tenant: string, version: string): Promise<ItemOverlay> {
    const held = this.#held.get(tenant);
    if (isAtLeast(held?.version ?? empty.version, version)) return held ?? empty;
    try {
      return await this.#refresh(tenant);
    } catch (error) {
      if (held === undefined) throw error;
      return held;
    }
  }

  async #read(tenant: string): Promise<ItemOverlay> {
    const version = await readItemsVersion(this.#records, tenant);
    const held = this.#held.get(tenant) ?? empty;
    // Another epoch is another database: its numbers say nothing of what is held.
    const known = isOneEpoch(held.version, version) ? held : empty;
    const upserted = new Map(known.upserted);
    const deleted = new Set(known.deleted);
    for await (const change of this.#changesAfter(tenant, numberOf(known.version))) {
      const itemId = String(change['item_id']);
      if (Number(change['deleted']) === 1) {
        upserted.delete(itemId);
        deleted.add(itemId);
      } else {
        deleted.delete(itemId);
        upserted.set(itemId, itemOf(change));
      }
    }
    return this.#keep(tenant, { version, upserted, deleted });
  }

  /** May hold rows newer than the version read before them: newer is what everybody wants. */
  async *#changesAfter(tenant: string, number: number): AsyncGenerator<Row> {
    let changed = number + 1;
    let itemId = '';
    for (;;) {
      const sql = `SELECT item_id, title, genres, year, attributes, deleted, changed FROM items
        WHERE tenant = $1 AND (changed > $2 OR (changed = $2 AND item_id > $3))
        ORDER BY changed, item_id LIMIT ${rowsPerRead}`;
      // oxlint-disable-next-line no-await-in-loop -- each page begins where the last one ended
      const [page] = await this.#records.run([{ sql, params: [tenant, changed, itemId] }]);
      const rows = page?.rows ?? [];
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsPerRead) return;
      changed = Number(last['changed']);
      itemId = String(last['item_id']);
    }
  }

  #keep(tenant: string, overlay: ItemOverlay): ItemOverlay {
    this.#held.set(tenant, overlay);
    return overlay;
  }
}

const empty: ItemOverlay = {
  version: unchangedItemsVersion,
  upserted: new Map(),
  deleted: new Set(),
};

const genresColumn = z.array(z.string());
const attributesColumn = z.record(z.string(), z.string());

function itemOf(row: Row): Item {
  return {
    itemId: String(row['item_id']),
    title: String(row['title']),
    genres: genresColumn.parse(JSON.parse(String(row['genres']))),
    ...(row['year'] !== null && { year: Number(row['year']) }),
    attributes: attributesColumn.parse(JSON.parse(String(row['attributes']))),
  };
}
