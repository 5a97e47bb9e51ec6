import type { AnswerPath, RecommendRequest } from '../domain/recommendation.ts';
import type { UserState } from '../domain/user-state.ts';
import type { Catalogue } from './catalogue.ts';
import type { RecommenderBundle } from './recommender-bundle.ts';

/** What a request knows of its user, in the bundle's rows. */
export interface KnownHistory {
  /** Rows of the items, oldest first; an item may occur more than once. */
  readonly rows: Int32Array;
  /** How much each says about the taste, before any weighting by age. */
  readonly weights: Float32Array;
  /** Rows of the catalogue that the answer leaves out because the user had them. */
  readonly seen: ReadonlySet<number>;
  readonly path: AnswerPath;
}

/** Weight in a history of what happened in this session. */
const sessionWeight = 1;

/**
 * The user's past, then the session, as far as the bundle knows the items. What was deleted or
 * added since says the same of a taste as before, or nothing; either way it was seen.
 */
export function knownHistory(
  bundle: RecommenderBundle,
  catalogue: Catalogue,
  state: UserState,
  request: RecommendRequest,
): KnownHistory {
  const rows: number[] = [];
  const weights: number[] = [];
  const seen = new Set<number>();
  const take = (itemId: string, weight: number): void => {
    const shown = catalogue.rowOf(itemId);
    if (shown !== undefined) seen.add(shown);
    const row = bundle.rows.get(itemId);
    if (row === undefined) return;
    rows.push(row);
    weights.push(weight);
  };
  for (const { itemId, weight } of state.history) take(itemId, weight);
  const fromUser = rows.length;
  for (const { itemId } of request.session) take(itemId, sessionWeight);
  return {
    rows: Int32Array.from(rows),
    weights: Float32Array.from(weights),
    seen,
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
