import { type ItemRecord } from '../../recommender/recommender-parameters.ts';
import { sharedFloat64, sharedInt32 } from '../threads/shared-arrays.ts';

/**
 * What training sees of any data set: who met which items, in which order. Histories lie one
 * after another (CSR): those of user u are at `offsets[u]` … `offsets[u + 1] − 1`, oldest first
 * where there are times. A user meets an item at most once.
 */
export interface Interactions {
  /** Name of the data set, for the lineage of a bundle. */
  readonly source: string;
  /** The catalogue; an item's row is its position. */
  readonly items: readonly ItemRecord[];
  /** Ids of the users. */
  readonly users: readonly string[];
  readonly offsets: Int32Array;
  readonly itemRows: Int32Array;
  /** How much each interaction counts; 1 for a plain positive. */
  readonly weights: Float64Array;
  /** When each happened, in ms since the epoch; null where the data has no times (no order either). */
  readonly timesMs: Float64Array | null;
}

/** One interaction of a user. */
export interface Met {
  readonly itemRow: number;
  readonly weight: number;
  /** 0 in data without times. */
  readonly timeMs: number;
}

/** What a reader of a data set hands over. */
export interface RawInteractions {
  readonly source: string;
  readonly items: readonly ItemRecord[];
  /** Every user's history, oldest first. */
  readonly histories: ReadonlyMap<string, readonly Met[]>;
  readonly hasTimes: boolean;
}

/** Packs histories into the common form. */
export function packInteractions(raw: RawInteractions): Interactions {
  const { source, items, histories, hasTimes } = raw;
  const users = [...histories.keys()];
  const offsets = sharedInt32(users.length + 1);
  const all: Met[] = [];
  users.forEach((user, row) => {
    for (const met of histories.get(user) ?? []) all.push(met);
    offsets[row + 1] = all.length;
  });
  return {
    source,
    items,
    users,
    offsets,
    itemRows: sharedInt32(all.map(({ itemRow }) => itemRow)),
    weights: sharedFloat64(all.map(({ weight }) => weight)),
    timesMs: hasTimes ? Float64Array.from(all, ({ timeMs }) => timeMs) : null,
  };
}

/** The interactions item by item: `userRows` of item i are at `offsets[i]` … `offsets[i + 1] − 1`. */
export interface ItemAudience {
  readonly offsets: Int32Array;
  readonly userRows: Int32Array;
  readonly weights: Float64Array;
}

/** Turns users' histories into items' audiences. */
export function audienceOf(interactions: Interactions): ItemAudience {
  const { itemRows, items, offsets: histories, users, weights: given } = interactions;
  const offsets = sharedInt32(items.length + 1);
  for (const item of itemRows) offsets[item + 1] = (offsets[item + 1] ?? 0) + 1;
  for (let item = 0; item < items.length; item += 1) {
    offsets[item + 1] = (offsets[item + 1] ?? 0) + (offsets[item] ?? 0);
  }
  const next = Int32Array.from(offsets);
  const userRows = sharedInt32(itemRows.length);
  const weights = sharedFloat64(itemRows.length);
  for (let user = 0; user < users.length; user += 1) {
    for (let at = histories[user] ?? 0; at < (histories[user + 1] ?? 0); at += 1) {
      const item = itemRows[at] ?? 0;
      const slot = next[item] ?? 0;
      next[item] = slot + 1;
      userRows[slot] = user;
      weights[slot] = given[at] ?? 0;
    }
  }
  return { offsets, userRows, weights };
}

/** How often each item was met. */
export function itemCounts(interactions: Interactions): Int32Array {
  const counts = new Int32Array(interactions.items.length);
  for (const item of interactions.itemRows) counts[item] = (counts[item] ?? 0) + 1;
  return counts;
}
