import {
  fullRank,
  type RankedCase,
  requireFinite,
  sampledRank,
  type SampledCase,
} from './ranks.ts';

/** How well held-out items are found, as means over users. */
export interface Quality {
  /** Share of users whose held-out item is among the ten best, against the negatives. */
  readonly hr10: number;
  /** Mean of 1/log2(rank + 2) where rank < 10, against the negatives. */
  readonly ndcg10: number;
  /** The same two against every item that the user had not met; NaN where that was not ranked. */
  readonly fullHr10: number;
  readonly fullNdcg10: number;
}

/** The names of a quality's figures. */
export const qualityNames = ['hr10', 'ndcg10', 'fullHr10', 'fullNdcg10'] as const;

const cutoff = 10;

/** 1 where the rank (0 the best) is among the ten best. */
export function hitAt10(rank: number): number {
  return rank < cutoff ? 1 : 0;
}

/** The discounted gain of one relevant item at this rank (0 the best), 0 behind the tenth. */
export function gainAt10(rank: number): number {
  return rank < cutoff ? 1 / Math.log2(rank + 2) : 0;
}

/** Collects each user's figures for one way of scoring, in places of their own, so that two compare. */
export class QualityTally {
  /** One value per user for each figure. */
  readonly perUser: Readonly<Record<keyof Quality, Float64Array>>;
  readonly #name: string;

  /** @param name of what scores, for errors. */
  constructor(name: string, users: number) {
    this.#name = name;
    this.perUser = {
      hr10: new Float64Array(users),
      ndcg10: new Float64Array(users),
      fullHr10: new Float64Array(users),
      fullNdcg10: new Float64Array(users),
    };
  }

  /**
   * @param scores one for each row of the catalogue.
   * @throws ChorusError `model_failed` for scores that are not finite.
   */
  take(user: number, scores: ArrayLike<number>, ranked: RankedCase): void {
    this.takeSampled(user, scores, ranked);
    const inAll = fullRank(scores, ranked);
    this.perUser.fullHr10[user] = hitAt10(inAll);
    this.perUser.fullNdcg10[user] = gainAt10(inAll);
  }

  /** As `take`, against the negatives alone. */
  takeSampled(user: number, scores: ArrayLike<number>, ranked: SampledCase): void {
    requireFinite(scores, `${this.#name}, user ${user}`);
    const among = sampledRank(scores, ranked);
    this.perUser.hr10[user] = hitAt10(among);
    this.perUser.ndcg10[user] = gainAt10(among);
    this.perUser.fullHr10[user] = NaN;
    this.perUser.fullNdcg10[user] = NaN;
  }

  /** The means over all users. */
  get quality(): Quality {
    const { hr10, ndcg10, fullHr10, fullNdcg10 } = this.perUser;
    return {
      hr10: meanOf(hr10),
      ndcg10: meanOf(ndcg10),
      fullHr10: meanOf(fullHr10),
      fullNdcg10: meanOf(fullNdcg10),
    };
  }
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
