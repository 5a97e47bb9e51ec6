import type { AnswerPath, Interaction } from '../domain/recommendation.ts';
import type { HistoryEntry } from '../domain/user-state.ts';
import type { RecommenderBundle } from './recommender-bundle.ts';

/** What a request knows of its user, in the bundle's rows. */
export interface KnownHistory {
  /** Rows of the items, oldest first; an item may occur more than once. */
  readonly rows: Int32Array;
  /** How much each says about the taste, before any weighting by age. */
  readonly weights: Float32Array;
  /** Rows of the bundle that the answer leaves out because the user had them. */
  readonly seen: ReadonlySet<number>;
  readonly path: AnswerPath;
}

/** A history with what the bundle knows nothing of. */
export interface WholeHistory extends KnownHistory {
  /** Ids of items that are not in the bundle, which may have been added since: they were seen too. */
  readonly strangers: readonly string[];
}

/** Weight in a history of what happened in this session. */
const sessionWeight = 1;

/**
 * The user's past, then the session, as far as the bundle knows the items. What was deleted or
 * added since says the same of a taste as before, or nothing; either way it was seen.
 */
export function knownHistory(
  bundle: RecommenderBundle,
  past: readonly HistoryEntry[],
  session: readonly Interaction[],
): WholeHistory {
  const rows: number[] = [];
  const weights: number[] = [];
  const strangers: string[] = [];
  const take = (itemId: string, weight: number): void => {
    const row = bundle.rows.get(itemId);
    if (row === undefined) {
      strangers.push(itemId);
      return;
    }
    rows.push(row);
    weights.push(weight);
  };
  for (const { itemId, weight } of past) take(itemId, weight);
  const fromUser = rows.length;
  for (const { itemId } of session) take(itemId, sessionWeight);
  return {
    rows: Int32Array.from(rows),
    weights: Float32Array.from(weights),
    seen: new Set(rows),
    strangers,
    path: pathOf(fromUser, rows.length),
  };
}

/**
 * The weights after ageing: an item that lies `halfLifeItems` items back counts half. Age is
 * counted in items, not in time, because users come in bursts (facts: half-life 10 items).
 */
export function agedWeights(weights: Float32Array, halfLifeItems: number | null): Float32Array {
  if (halfLifeItems === null) return weights.slice();
  const last = weights.length - 1;
  return weights.map((weight, index) => weight * 0.5 ** ((last - index) / halfLifeItems));
}

function pathOf(fromUser: number, all: number): AnswerPath {
  if (fromUser > 0) return 'user';
  return all > 0 ? 'session' : 'popularity';
}
