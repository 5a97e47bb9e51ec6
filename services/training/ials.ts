import { audienceOf, type Interactions } from './data/interactions.ts';
import { type SeededRandom } from './seeded-random.ts';
import { type KernelThreads } from './threads/kernel-threads.ts';
import { sharedFloat32 } from './threads/shared-arrays.ts';

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

/** Keeps a fit's last finished iteration, so that a run that was ended can go on from there. */
export interface IterationKeeper {
  /** What an earlier run left. */
  readonly kept: { readonly iteration: number; readonly items: Float32Array } | undefined;
  keep(iteration: number, items: Float32Array): Promise<void>;
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
  workshop: Workshop & { readonly keeper?: IterationKeeper },
): Promise<Float64Array> {
  const { width, iterations } = settings;
  const audience = audienceOf(interactions);
  const items = sharedFloat32(interactions.items.length * width);
  const users = sharedFloat32(interactions.users.length * width);
  const kept = workshop.keeper?.kept;
  if (kept !== undefined) items.set(kept.items);
  else {
    for (let at = 0; at < items.length; at += 1)
      items[at] = (random.normal() * 0.1) / Math.sqrt(width);
  }
  const histories = { ...interactions, columns: interactions.itemRows };
  const audiences = { ...audience, columns: audience.userRows };
  for (let iteration = kept?.iteration ?? 0; iteration < iterations; iteration += 1) {
    /* oxlint-disable no-await-in-loop -- each half-step needs the other's result */
    await solve(histories, items, users, settings, workshop);
    await solve(audiences, users, items, settings, workshop);
    await workshop.keeper?.keep(iteration + 1, items);
    /* oxlint-enable no-await-in-loop */
  }
  return Float64Array.from(items);
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
  const users = sharedFloat32(interactions.users.length * settings.width);
  const { offsets, itemRows } = interactions;
  await solve(
    { offsets, columns: itemRows, weights },
    sharedFloat32(items),
    users,
    settings,
    workshop,
  );
  return Float64Array.from(users);
}

interface Side {
  readonly offsets: Int32Array;
  readonly columns: Int32Array;
  readonly weights: Float64Array;
}

// oxlint-disable-next-line max-params
async function solve(
  { offsets, columns, weights }: Side,
  fixed: Float32Array,
  solved: Float32Array,
  { width, alpha, lambda }: IalsSettings,
  { threads, onRows }: Workshop,
): Promise<void> {
  const gram = sharedFloat32(width * width);
  const product = { name: 'fillGram', input: { vectors: fixed, width, gram } } as const;
  await threads.run(product, { rows: 1, chunk: 1 });
  await threads.run(
    {
      name: 'solveIalsRows',
      input: { offsets, columns, weights, fixed, gram, width, alpha, lambda, solved },
    },
    { rows: solved.length / width, chunk, ...(onRows && { onRows }) },
  );
}
