import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Chance that a seed repeats exactly: what training and the synthetic world draw from. */
export class SeededRandom {
  readonly #generator: ReturnType<typeof xoroshiro128plus>;

  /** @param seed a 32-bit integer; equal seeds give equal draws on every machine. */
  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** Chance of its own for one purpose of a seed, whatever else was drawn before. */
  static for(purpose: string, seed: number): SeededRandom {
    // FNV-1a: two purposes of one seed must not begin alike.
    let hash = 0x81_1c_9d_c5;
    for (const byte of Buffer.from(`${seed} ${purpose}`)) {
      hash = Math.imul(hash ^ byte, 0x01_00_01_93);
    }
    return new SeededRandom(hash);
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return uniformFloat64(this.#generator);
  }

  /** A whole number, 0 to `count` − 1, all alike. */
  below(count: number): number {
    return uniformInt(this.#generator, 0, count - 1);
  }

  /** Standard normal (Box–Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** An index, drawn in proportion to the values of which `cumulative` holds the running sums. */
  weighted(cumulative: Float64Array): number {
    const target = this.uniform() * (cumulative.at(-1) ?? 0);
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulative[middle] ?? 0) > target) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
