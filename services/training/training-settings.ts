import { type Interactions } from './data/interactions.ts';
import { type IalsSettings } from './ials.ts';

/** A base model and its place in the answer. */
export interface BaseBlockSettings extends IalsSettings {
  readonly iterations: number;
  /** Weight of its z-scored scores in the answer. */
  readonly weight: number;
}

/** Everything about training that data does not decide. */
export interface TrainingSettings {
  readonly baseBlocks: readonly BaseBlockSettings[];
  /** Past items after which an item counts half, for base and experts; null: all alike. */
  readonly halfLifeItems: number | null;
  readonly experts: {
    readonly count: number;
    readonly width: number;
    readonly weight: number;
    /** EASE's regularisation λ. */
    readonly lambda: number;
    /** β: what a user counts for an expert that is not among his `membership` best. */
    readonly outsideWeight: number;
    readonly membership: number;
    /** Rounds of orthogonal iteration for the shared head. */
    readonly headRounds: number;
  };
  readonly gate: {
    readonly entropyBits: number;
    /** τ is set so that a request gets this many experts on average. */
    readonly meanExperts: number;
    readonly minExperts: number;
    readonly maxExperts: number;
  };
  readonly sequence: {
    /** Weight of the z-scored sequence term; 0 in data without times. */
    readonly weight: number;
    readonly lastItems: number;
    readonly decay: number;
    readonly bestPerItem: number;
  };
  /** c of the popularity bias c·ln(1 + n_i): decides only where the user is unknown. */
  readonly popularityBias: number;
}

const gate = { entropyBits: 1.2, meanExperts: 2.7, minExperts: 2, maxExperts: 4 };
const experts = { count: 8, lambda: 400, outsideWeight: 0.5, membership: 2, headRounds: 4 };
const sequence = { weight: 0.4, lastItems: 10, decay: 0.8, bestPerItem: 100 };
/** Enough to order what a stranger sees; 0.01 costs those whom we know .0007 of NDCG@10 (large). */
const strangersBias = 0.0001;

/** A few users and items: half the width ranks as well. */
const compact: TrainingSettings = {
  baseBlocks: [{ width: 32, alpha: 0.1, lambda: 0.01, iterations: 8, weight: 0.3 }],
  halfLifeItems: 10,
  experts: { ...experts, width: 32, weight: 0.3 },
  gate,
  sequence,
  popularityBias: 0.01,
};

/**
 * As chosen on MovieLens-100K by the second-, third- and fourth-to-last items of its users (two
 * seeds each), never by the last: sequence .3 to .4, decay .7 and experts .1 to .2 were the best,
 * and nothing separates half-life 5 from 10, nor 100 transitions per item from 200.
 */
const medium: TrainingSettings = {
  baseBlocks: [{ width: 64, alpha: 0.1, lambda: 0.01, iterations: 8, weight: 0.5 }],
  halfLifeItems: 10,
  experts: { ...experts, width: 64, weight: 0.1 },
  gate,
  sequence: { weight: 0.4, lastItems: 10, decay: 0.7, bestPerItem: 200 },
  popularityBias: strangersBias,
};

/** As measured on MovieLens-1M, which has neither order nor times. */
const large: TrainingSettings = {
  baseBlocks: [
    { width: 192, alpha: 0.3, lambda: 0.007, iterations: 12, weight: 0.4 },
    { width: 64, alpha: 0.1, lambda: 0.003, iterations: 8, weight: 0.2 },
  ],
  halfLifeItems: null,
  experts: { ...experts, width: 256, weight: 0.4 },
  gate,
  sequence: { ...sequence, weight: 0 },
  popularityBias: strangersBias,
};

/** Interactions from which on the wider recipe pays for the time that it takes. */
const mediumFrom = 80_000;
const largeFrom = 500_000;

/** The settings that were chosen for data of this kind. */
export function settingsFor(interactions: Interactions): TrainingSettings {
  const count = interactions.itemRows.length;
  const settings = count >= largeFrom ? large : count >= mediumFrom ? medium : compact;
  if (interactions.timesMs !== null) return settings;
  return { ...settings, halfLifeItems: null, sequence: { ...sequence, weight: 0 } };
}
