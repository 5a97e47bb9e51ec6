import type { RecommenderBundle } from './recommender-bundle.ts';

/** The sparse sequence term of one user, z-scored over the catalogue and weighted. */
export interface SequenceScores {
  /** Added to every item, also those that no transition names. */
  readonly offset: number;
  /** On top of the offset, by row; shorter than the catalogue where the rest is 0. */
  readonly scores: Float32Array;
  /** weight/σ, by which the raw term became these scores. */
  readonly scale: number;
}

const none: SequenceScores = { offset: 0, scores: new Float32Array(0), scale: 0 };

/**
 * s_seq(i) = Σ_{r < lastItems} decay^r · Tn[h_{n−1−r}, i]: what tends to follow the newest items of
 * the history, as z-score over the whole catalogue times the bundle's weight.
 */
export function sequenceScores(bundle: RecommenderBundle, rows: Int32Array): SequenceScores {
  const { weight, lastItems, decay } = bundle.parameters.sequence;
  if (weight === 0 || rows.length === 0) return none;
  const raw = new Float64Array(bundle.items.length);
  for (let back = 0; back < Math.min(lastItems, rows.length); back += 1) {
    addRow(bundle, rows[rows.length - 1 - back] ?? 0, decay ** back, raw);
  }
  let sum = 0;
  let squares = 0;
  for (let row = 0; row < raw.length; row += 1) {
    const value = raw[row] ?? 0;
    sum += value;
    squares += value * value;
  }
  const mean = sum / raw.length;
  const deviation = Math.sqrt(squares / raw.length - mean * mean);
  if (!(deviation > 0)) return none;
  const scale = weight / deviation;
  return { offset: -mean * scale, scores: Float32Array.from(raw, (value) => value * scale), scale };
}

/**
 * What each of the newest items of the history added to the sequence term of one item, the newest
 * first: scale · decay^r · (Tn[h_{n−1−r}, i] − mean of that row). Their sum is the whole term.
 */
export function sequenceAmounts(
  bundle: RecommenderBundle,
  rows: Int32Array,
  scale: number,
  item: number,
): Float32Array {
  const { lastItems, decay } = bundle.parameters.sequence;
  const { offsets, items, values } = bundle.transitions;
  return Float32Array.from({ length: Math.min(lastItems, rows.length) }, (_, back) => {
    const from = rows[rows.length - 1 - back] ?? 0;
    let sum = 0;
    let value = 0;
    for (let entry = offsets[from] ?? 0; entry < (offsets[from + 1] ?? 0); entry += 1) {
      sum += values[entry] ?? 0;
      if (items[entry] === item) value += values[entry] ?? 0;
    }
    return scale * decay ** back * (value - sum / bundle.items.length);
  });
}

function addRow(
  { transitions }: RecommenderBundle,
  from: number,
  factor: number,
  into: Float64Array,
): void {
  const end = transitions.offsets[from + 1] ?? 0;
  for (let entry = transitions.offsets[from] ?? 0; entry < end; entry += 1) {
    const to = transitions.items[entry] ?? 0;
    into[to] = (into[to] ?? 0) + factor * (transitions.values[entry] ?? 0);
  }
}
