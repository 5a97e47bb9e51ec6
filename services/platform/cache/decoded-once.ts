import { KeptWith } from '../../domain/kept-with.ts';

/**
 * Reads what bytes of the cache say, once for each value that the cache holds: it hands out the same
 * bytes again and again, and nobody writes to them.
 */
export class DecodedOnce<Value extends object | string> {
  readonly #decode: (bytes: Uint8Array) => Value;
  // Gone with the bytes, when the cache lets go of them.
  readonly #known = new KeptWith<Uint8Array, Value>();

  constructor(decode: (bytes: Uint8Array) => Value) {
    this.#decode = decode;
  }

  /** @throws what `decode` throws. */
  of(bytes: Uint8Array): Value {
    const known = this.#known.get(bytes);
    if (known !== undefined) return known;
    const value = this.#decode(bytes);
    this.#known.set(bytes, value);
    return value;
  }
}
