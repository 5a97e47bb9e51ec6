import { randomBytes, randomFillSync } from 'node:crypto';
import type { Random } from './random.ts';

/** Characters of an id: 132 bits. */
const idLength = 22;
/** Bytes drawn for each: they give 24 characters, so that every id begins at a whole one. */
const drawnBytes = 18;
const drawnLength = 24;
// Few, because a string that was cut from a longer one keeps that in memory.
const drawnIds = 64;

/** The operating system's randomness. */
export class RealRandom implements Random {
  // Asking the kernel for one id, or writing one down, costs far more than cutting it from many.
  readonly #bytes = Buffer.alloc(drawnBytes * drawnIds);
  #drawn = '';
  #used = 0;

  uniform(): number {
    return Math.random();
  }

  id(): string {
    if (this.#used === this.#drawn.length) {
      this.#drawn = randomFillSync(this.#bytes).toString('base64url');
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += drawnLength;
    return this.#drawn.slice(start, start + idLength);
  }

  bytes(count: number): Uint8Array {
    return randomBytes(count);
  }
}
