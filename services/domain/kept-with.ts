/**
 * What was worked out of an object once, kept with the object and gone with it. A WeakMap would say the
 * same, but V8 goes through all the entries of one in a single pause: up to 108 ms of a full collection
 * with some ten thousand remembered answers, and under 10 ms without.
 */
export class KeptWith<Owner extends object, Value extends object | string> {
  readonly #name = Symbol('kept with its owner');

  /** What was kept with it, if anything. */
  get(owner: Owner): Value | undefined {
    // Nobody else has the name, and `set` is the only one who writes there.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return (owner as { readonly [name: symbol]: Value | undefined })[this.#name];
  }

  /** Keeps it in the place of what was kept before; nothing that copies, compares or prints the owner sees it. */
  set(owner: Owner, value: Value): void {
    Object.defineProperty(owner, this.#name, { value, writable: true, configurable: true });
  }
}
