import type { Item, ItemOverlay } from '../domain/item.ts';
import { deletedHoldMs, type Cache, type CacheSpace } from '../platform/cache/cache.ts';
import { DecodedOnce } from '../platform/cache/decoded-once.ts';
import type { Clock } from '../platform/clock/clock.ts';
import type { Random } from '../platform/random/random.ts';
import type { Records, Statement, Value } from '../platform/records/records.ts';
import { freshReads } from './fresh-reads.ts';
import { ItemOverlays } from './item-overlays.ts';
import { readItemsVersion } from './items-version.ts';

/** The number of a catalogue's last change; never read from near, because any process may change it. */
const versions: CacheSpace = {
  name: 'items-version',
  ttlMs: 10 * 60_000,
  ttlJitter: 0.1,
  immutable: false,
};

/** What the records say of an item; of one that only a bundle knows, nothing. */
export type WrittenItem = 'listed' | 'deleted' | 'unwritten';

/** What items are made with. */
export interface ItemsParts {
  readonly records: Records;
  readonly cache: Cache;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The catalogue as callers changed it, over what a bundle was trained with. The records hold the
 * truth, the shared cache the version, this process's memory the items. The version in the cache
 * is kept from growing old in the way of the user states.
 */
export class Items {
  readonly #parts: ItemsParts;
  readonly #overlays: ItemOverlays;
  readonly #readVersion: (tenant: string) => Promise<string>;
  readonly #lastVersions = new Map<string, string>();
  readonly #cachedVersions = new DecodedOnce((bytes) => new TextDecoder().decode(bytes));
  readonly #encoder = new TextEncoder();

  constructor(parts: ItemsParts) {
    this.#parts = parts;
    this.#overlays = new ItemOverlays(parts.records);
    // After a change every request misses for a moment: they share reads that began after they asked.
    this.#readVersion = freshReads((tenant) => this.#load(tenant));
  }

  /**
   * Changes with every change of an item; `unchangedItemsVersion` before the first. While neither
   * cache nor records can be reached it is the last one that this process read: a catalogue is
   * needed for every answer, and nobody can change it meanwhile who cannot reach the records.
   */
  async version(tenant: string): Promise<string> {
    const cached = await this.#parts.cache.get(versions, tenant);
    if (cached !== undefined) return this.#cachedVersions.of(cached);
    try {
      return await this.#readVersion(tenant);
    } catch (error) {
      const last = this.#lastVersions.get(tenant);
      if (last === undefined) throw error;
      return last;
    }
  }

  /** What the records say of the catalogue at this version, read a moment ago, or a newer one. */
  async overlay(tenant: string, version: string): Promise<ItemOverlay> {
    return await this.#overlays.atLeast(tenant, version);
  }

  /** Adds items or replaces all that is known of them: seen by every answer that begins after this resolved. */
  async upsert(tenant: string, items: readonly Item[]): Promise<void> {
    const statements = items.map((item): Statement => ({
      sql: `INSERT INTO items
        (tenant, item_id, title, genres, year, attributes, deleted, changed, updated_ms)
        VALUES ($1, $2, $3, $4, $5, $6, 0,
          (SELECT number FROM item_changes WHERE tenant = $1), $7)
        ON CONFLICT (tenant, item_id) DO UPDATE SET title = excluded.title,
          genres = excluded.genres, year = excluded.year, attributes = excluded.attributes,
          deleted = 0, changed = excluded.changed, updated_ms = excluded.updated_ms`,
      params: [tenant, item.itemId, ...columnsOf(item), this.#parts.clock.nowMs()],
    }));
    await this.#change(tenant, statements);
  }

  /**
   * Takes an item out of the catalogue, the bundles' included: gone from every answer that begins
   * after this resolved.
   * @returns what the records said of it before.
   */
  async remove(tenant: string, itemId: string): Promise<WrittenItem> {
    const before = 'SELECT deleted FROM items WHERE tenant = $1 AND item_id = $2';
    const statement: Statement = {
      sql: `INSERT INTO items
        (tenant, item_id, title, genres, year, attributes, deleted, changed, updated_ms)
        VALUES ($1, $2, '', '[]', NULL, '{}', 1,
          (SELECT number FROM item_changes WHERE tenant = $1), $3)
        ON CONFLICT (tenant, item_id) DO UPDATE SET title = '', genres = '[]', year = NULL,
          attributes = '{}', deleted = 1, changed = excluded.changed,
          updated_ms = excluded.updated_ms`,
      params: [tenant, itemId, this.#parts.clock.nowMs()],
    };
    const was = { sql: before, params: [tenant, itemId] };
    const [result] = await this.#change(tenant, [was, statement]);
    const row = result?.rows[0];
    if (row === undefined) return 'unwritten';
    return Number(row['deleted']) === 0 ? 'listed' : 'deleted';
  }

  /** How many items a tenant has in the records. */
  async count(tenant: string): Promise<number> {
    const sql = 'SELECT COUNT(*) AS items FROM items WHERE tenant = $1 AND deleted = 0';
    const [result] = await this.#parts.records.run([{ sql, params: [tenant] }]);
    return Number(result?.rows[0]?.['items'] ?? 0);
  }

  /** All or none, under a number of its own; whoever holds the row of numbers is alone until it commits. */
  async #change(tenant: string, statements: readonly Statement[]) {
    const { cache, random, records } = this.#parts;
    const next: Statement = {
      sql: `INSERT INTO item_changes (tenant, epoch, number) VALUES ($1, $2, 1)
        ON CONFLICT (tenant) DO UPDATE SET number = item_changes.number + 1`,
      params: [tenant, random.id()],
    };
    const [, ...results] = await records.run([next, ...statements]);
    await cache.delete(versions, [tenant]);
    return results;
  }

  async #load(tenant: string): Promise<string> {
    const { cache, clock, records } = this.#parts;
    const startedUs = clock.monotonicUs();
    const version = await readItemsVersion(records, tenant);
    this.#lastVersions.set(tenant, version);
    const isFresh = clock.monotonicUs() - startedUs < (deletedHoldMs * 1000) / 2;
    if (isFresh) await cache.add(versions, tenant, this.#encoder.encode(version));
    return version;
  }
}

function columnsOf({ title, genres, year, attributes }: Item): readonly Value[] {
  return [title, JSON.stringify(genres), year ?? null, JSON.stringify(attributes)];
}
