import type { RecommenderBundle } from './recommender-bundle.ts';

/** Made once for each bundle that an item is added to; gone with the bundle. */
const known = new WeakMap<RecommenderBundle, ReadonlyMap<string, Float32Array>>();

/**
 * What an item without any history is ranked by: the mean over its genres of the mean head row of
 * each genre's items.
 * @returns undefined when the bundle has no item of any of the genres.
 */
export function vectorOfGenres(
  bundle: RecommenderBundle,
  genres: readonly string[],
): Float32Array | undefined {
  const means = meansOf(bundle);
  const vectors = [...new Set(genres)].flatMap((genre) => means.get(genre) ?? []);
  if (vectors.length === 0) return undefined;
  const sum = new Float64Array(bundle.width);
  for (const vector of vectors) add(sum, vector);
  return Float32Array.from(sum, (value) => value / vectors.length);
}

function meansOf(bundle: RecommenderBundle): ReadonlyMap<string, Float32Array> {
  const before = known.get(bundle);
  if (before !== undefined) return before;
  const sums = new Map<string, { readonly sum: Float64Array; count: number }>();
  for (const [row, { genres }] of bundle.items.entries()) {
    const vector = bundle.head.subarray(row * bundle.width, (row + 1) * bundle.width);
    for (const genre of genres) {
      const entry = sums.get(genre) ?? { sum: new Float64Array(bundle.width), count: 0 };
      add(entry.sum, vector);
      entry.count += 1;
      sums.set(genre, entry);
    }
  }
  const means = new Map(
    [...sums].map(([genre, { sum, count }]) => [
      genre,
      Float32Array.from(sum, (value) => value / count),
    ]),
  );
  known.set(bundle, means);
  return means;
}

function add(sum: Float64Array, vector: Float32Array): void {
  for (let column = 0; column < sum.length; column += 1) {
    sum[column] = (sum[column] ?? 0) + (vector[column] ?? 0);
  }
}
