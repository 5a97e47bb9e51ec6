import { audienceOf, type Interactions } from './data/interactions.ts';
import { gramOf } from './covariance.ts';
import { type SeededRandom } from './seeded-random.ts';
import { type KernelThreads } from './threads/kernel-threads.ts';
import { sharedFloat64 } from './threads/shared-arrays.ts';

/** One base model. */
export interface IalsSettings {
  readonly width: number;
  /** Weight α of all pairs, met or not. */
  readonly alpha: number;
  /** Regularisation λ. */
  readonly lambda: number;
}

/** What a long computation computes with, and whom it tells about rows done. */
export interface Workshop {
  readonly threads: KernelThreads;
  readonly onRows?: (rows: number) => void;
}

/** Rows of one half-step that a thread takes at a time: about 10 ms of work. */
const chunk = 64;

/**
 * Factorises who met what by implicit alternating least squares: users and items in turn, see
 * `solveIalsRows`. Starts from N(0, 0.1/√width).
 * @returns the item vectors V, items × width.
 */
export async function fitIals(
  interactions: Interactions,
  settings: IalsSettings & { readonly iterations: number },
  random: SeededRandom,
  workshop: Workshop,
): Promise<Float64Array> {
  const { width, iterations } = settings;
  const audience = audienceOf(interactions);
  const items = sharedFloat64(interactions.items.length * width);
  const users = sharedFloat64(interactions.users.length * width);
  for (let at = 0; at < items.length; at += 1)
    items[at] = (random.normal() * 0.1) / Math.sqrt(width);
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    // Each half-step needs the other's result.
    // oxlint-disable-next-line no-await-in-loop
    await solve(
      { ...interactions, columns: interactions.itemRows },
      items,
      users,
      settings,
      workshop,
    );
    // oxlint-disable-next-line no-await-in-loop
    await solve({ ...audience, columns: audience.userRows }, users, items, settings, workshop);
  }
  return items;
}

/**
 * The users' vectors as serving computes them: each history folded into the item vectors.
 * @param weights one per interaction, see `recencyWeights`.
 * @returns users × width; 0 for an empty history.
 */
export async function foldIn(
  interactions: Interactions,
  weights: Float64Array,
  { items, ...settings }: IalsSettings & { readonly items: Float64Array },
  workshop: Workshop,
): Promise<Float64Array> {
  const users = sharedFloat64(interactions.users.length * settings.width);
  const { offsets, itemRows } = interactions;
  await solve({ offsets, columns: itemRows, weights }, items, users, settings, workshop);
  return users;
}

interface Side {
  readonly offsets: Int32Array;
  readonly columns: Int32Array;
  readonly weights: Float64Array;
}

// oxlint-disable-next-line max-params
async function solve(
  { offsets, columns, weights }: Side,
  fixed: Float64Array,
  solved: Float64Array,
  { width, alpha, lambda }: IalsSettings,
  { threads, onRows }: Workshop,
): Promise<void> {
  const gram = sharedFloat64(gramOf(fixed, width));
  await threads.run(
    {
      name: 'solveIalsRows',
      input: { offsets, columns, weights, fixed, gram, width, alpha, lambda, solved },
    },
    { rows: solved.length / width, chunk, ...(onRows && { onRows }) },
  );
}
