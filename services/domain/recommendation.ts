/** How an answer found out what the caller likes. */
export type AnswerPath = 'user' | 'session' | 'popularity';

/** What became of one expert of a route. */
export type ExpertStatus = 'answered' | 'late' | 'absent' | 'failed';

/**
 * Something a user did with an item, as callers report it. The recommender takes the item and its
 * place in the session; type, value and time change none of its answers.
 */
export interface Interaction {
  readonly itemId: string;
  /** `view`, `click`, `rating`, `purchase`, …. */
  readonly type: string;
  /** A rating or an amount; 1 where the type has none. */
  readonly value: number;
  /** When it happened, in ms since the epoch. */
  readonly timeMs: number;
}

/** What a caller asks: the best items for a user, or for a session of somebody unknown. */
export interface RecommendRequest {
  readonly requestId: string;
  readonly tenant: string;
  /** Empty when only the session is known. */
  readonly userId: string;
  /** Newest last; counts as the newest part of the user's history, for this request alone. */
  readonly session: readonly Interaction[];
  /** Items to rank; absent: the whole catalogue, if it has at most 100,000 items. */
  readonly candidates: readonly string[] | undefined;
  /** Items that must not be in the answer. */
  readonly exclude: readonly string[];
  /** 1 to 500. */
  readonly topN: number;
  /** Whether items of the user's history may be in the answer. */
  readonly includeSeen: boolean;
  readonly context: Readonly<Record<string, string>>;
  /** Whether each item comes with the parts of its score. */
  readonly explain: boolean;
  /** Neither read nor fill the answer cache. */
  readonly noCache: boolean;
}

/** One ranked item. */
export interface RankedItem {
  readonly itemId: string;
  readonly title: string;
  readonly score: number;
  /** When the request said `explain`. */
  readonly explanation?: Explanation | undefined;
}

/** The parts of a score, exact to 1e-5: base + Σ experts = score, and Σ history + other = score. */
export interface Explanation {
  /** Without any expert. */
  readonly base: number;
  /** What each expert that answered added, in the order of the route. */
  readonly experts: readonly ExpertAmount[];
  /** What past items contributed, the largest in size first. */
  readonly history: readonly HistoryAmount[];
  /** What is not attributed to a past item, and the past items that are not listed. */
  readonly other: number;
}

/** What one expert added to a score. */
export interface ExpertAmount {
  readonly expert: string;
  readonly amount: number;
}

/** What one past item contributed to a score. */
export interface HistoryAmount {
  readonly itemId: string;
  readonly amount: number;
}

/** One expert's part in an answer. */
export interface ExpertShare {
  readonly expert: string;
  /** Its weight among the experts that answered; 0 for those that did not. */
  readonly weight: number;
  readonly status: ExpertStatus;
}

/** Where an answer's time went, in µs. */
export interface AnswerTimings {
  /** From arrival to answer. */
  readonly totalUs: number;
  /** Bundle, user version and cache. */
  readonly lookupUs: number;
  /** User state, features and fold-in. */
  readonly featuresUs: number;
  /** Gate and choice of experts. */
  readonly routeUs: number;
  /** From publishing the tasks to the last reply taken. */
  readonly expertsUs: number;
  /** Combine, head and ranking. */
  readonly rankUs: number;
}

/** The combined answer to a `RecommendRequest`. */
export interface Recommendation {
  readonly requestId: string;
  /** `<mixture>/<version>` of the bundle that made it. */
  readonly bundle: string;
  /** Version of the user's state that it rests on; callers do not see it. */
  readonly userVersion: string;
  /** Of the catalogue's changes that it rests on: the question's, or a newer one. */
  readonly itemsVersion: string;
  readonly items: readonly RankedItem[];
  /** Chosen experts, best first, those that were replaced or came too late included. */
  readonly experts: readonly ExpertShare[];
  /**
   * What the gate said: a probability for each expert of the bundle, in its order, to 4 decimals.
   * Callers do not see it; the next gate is trained from it.
   */
  readonly gates: readonly number[];
  readonly timings: AnswerTimings;
  /** An expert was late, failed or absent, or the base alone answered. */
  readonly degraded: boolean;
  readonly cached: boolean;
  readonly path: AnswerPath;
  /** Candidates that the catalogue does not know; the others were ranked. */
  readonly unknownCandidates: readonly string[];
}
