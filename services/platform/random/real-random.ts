import { randomBytes } from 'node:crypto';
import type { Random } from './random.ts';

const idBytes = 16;
const poolIds = 128;

/** The operating system's randomness. */
export class RealRandom implements Random {
  // Asking the kernel for 16 bytes costs far more than slicing them from a pool of 2 KiB.
  #pool = Buffer.alloc(0);
  #used = 0;

  uniform(): number {
    return Math.random();
  }

  id(): string {
    if (this.#used === this.#pool.length) {
      this.#pool = randomBytes(idBytes * poolIds);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += idBytes;
    return this.#pool.toString('base64url', start, this.#used);
  }

  bytes(count: number): Uint8Array {
    return randomBytes(count);
  }
}
