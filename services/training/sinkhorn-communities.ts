import { meanOf } from './covariance.ts';
import { type SeededRandom } from './seeded-random.ts';

/** How sharply users lean to the nearest centre while clustering. */
const sharpness = 8;
const rounds = 40;
const scalings = 20;

/**
 * Finds `experts` equally large communities of users by Sinkhorn-balanced clustering: users are
 * shared out softly so that every community gets the same total, then each centre becomes the
 * mean of its users (Cuturi 2013; SwAV, Caron et al. 2020, §3.1).
 * @param users unit vectors, users × width.
 * @returns unit vectors C, experts × width.
 */
export function findCommunities(
  users: Float64Array,
  width: number,
  experts: number,
  random: SeededRandom,
): Float64Array {
  let centres: Float64Array = pickUsers(users, width, experts, random);
  for (let round = 0; round < rounds; round += 1) {
    centres = meanUsers(users, width, shareOut(users, width, centres), experts);
  }
  return centres;
}

/** Copies of `experts` different users, drawn at random. */
function pickUsers(users: Float64Array, width: number, experts: number, random: SeededRandom) {
  const count = users.length / width;
  const picked = new Set<number>();
  while (picked.size < Math.min(experts, count)) picked.add(random.below(count));
  const centres = new Float64Array(experts * width);
  [...picked].forEach((user, expert) => {
    centres.set(users.subarray(user * width, (user + 1) * width), expert * width);
  });
  return centres;
}

/** Memberships P, users × experts: rows sum to 1, columns to users / experts. */
function shareOut(users: Float64Array, width: number, centres: Float64Array): Float64Array {
  const experts = centres.length / width;
  const p = similarities(users, width, centres).map((value) => Math.exp(sharpness * value));
  for (let scaling = 0; scaling < scalings; scaling += 1) {
    const means = meanOf(p, experts);
    for (let start = 0; start < p.length; start += experts) {
      let total = 0;
      for (let expert = 0; expert < experts; expert += 1) {
        const value = (p[start + expert] ?? 0) / (experts * (means[expert] ?? 0));
        p[start + expert] = value;
        total += value;
      }
      for (let expert = 0; expert < experts; expert += 1) {
        p[start + expert] = (p[start + expert] ?? 0) / total;
      }
    }
  }
  return p;
}

/** The unit vector of each community's weighted sum of users. */
function meanUsers(users: Float64Array, width: number, p: Float64Array, experts: number) {
  const centres = new Float64Array(experts * width);
  for (let user = 0; user * width < users.length; user += 1) {
    for (let expert = 0; expert < experts; expert += 1) {
      const share = p[user * experts + expert] ?? 0;
      for (let k = 0; k < width; k += 1) {
        const at = expert * width + k;
        centres[at] = (centres[at] ?? 0) + share * (users[user * width + k] ?? 0);
      }
    }
  }
  return unitRows(centres, width);
}

/** Cosines of unit vectors: rows of `users` × rows of `centres`. */
export function similarities(
  users: Float64Array,
  width: number,
  centres: Float64Array,
): Float64Array {
  const experts = centres.length / width;
  const products = new Float64Array((users.length / width) * experts);
  for (let user = 0; user * width < users.length; user += 1) {
    for (let expert = 0; expert < experts; expert += 1) {
      let sum = 0;
      for (let k = 0; k < width; k += 1) {
        sum += (users[user * width + k] ?? 0) * (centres[expert * width + k] ?? 0);
      }
      products[user * experts + expert] = sum;
    }
  }
  return products;
}

/** The same rows at length 1; a row of zeros stays. */
export function unitRows(rows: Float64Array, width: number): Float64Array {
  const unit = Float64Array.from(rows);
  for (let start = 0; start < rows.length; start += width) {
    let square = 0;
    for (let k = 0; k < width; k += 1) square += (rows[start + k] ?? 0) ** 2;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let k = 0; k < width; k += 1) unit[start + k] = (rows[start + k] ?? 0) * scale;
  }
  return unit;
}
