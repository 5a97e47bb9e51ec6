/**
 * Values that may be lost at any moment: answers and hot copies of user states.
 *
 * Promises: a value read was written under that very key, whole. A failure of the cache is a
 * miss, said in a metric, never an error of the request; nothing waits longer than 50 ms for it.
 *
 * Does not promise: that what was written is still there, or that another process sees a write
 * when the cache is embedded.
 */
export interface Cache {
  /**
   * The value, or undefined when it is absent, expired, or the cache does not answer. Its bytes
   * are shared with other readers: never write to them.
   */
  get(space: CacheSpace, key: string): Promise<Uint8Array | undefined>;
  /** Several values of one space in one round trip, in the order of the keys. */
  getMany(space: CacheSpace, keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
  /** Keeps a value for the space's time to live, ± its jitter. Resolves also when it was lost. */
  set(space: CacheSpace, key: string, value: Uint8Array): Promise<void>;
  /**
   * Keeps a value that was read from the truth, unless its key has one already or was deleted
   * within the last `deletedHoldMs`: a slow reader must not bring back what a writer has just
   * made old. For changeable spaces. A reader whose value is itself older than that must not call
   * it. Resolves also when it was lost.
   */
  add(space: CacheSpace, key: string, value: Uint8Array): Promise<void>;
  /**
   * Forgets keys, here and in the shared cache; in a changeable space also refuses `add` for
   * `deletedHoldMs`.
   * @throws ChorusError `unavailable` when the shared cache could not be told: the one failure
   *   that is no miss, because a stale value would stay.
   */
  delete(space: CacheSpace, keys: readonly string[]): Promise<void>;
  /** Whether the shared cache answers, for health. Never throws. */
  isHealthy(): Promise<boolean>;
  /** Closes. Later reads miss, later writes are lost. Harmless twice. */
  close(): Promise<void>;
}

/** For so long a deleted key of a changeable space refuses `add`, in ms. `set` it takes at once. */
export const deletedHoldMs = 2_000;

/** One kind of cached value, declared once beside the stage that owns it. */
export interface CacheSpace {
  /** Prefix of its keys, also the metric's label: letters, digits and dashes. */
  readonly name: string;
  readonly ttlMs: number;
  /** Share of the time to live by which it varies at random, so that keys written together do not expire together; .1 = ± 10 %. */
  readonly ttlJitter: number;
  /**
   * Whether a value never changes under its key. Only then may the distributed cache answer from
   * this process's own memory: a changeable value (a user's version) is read from the shared
   * cache each time, because another process may have written it. A deletion does not reach the
   * copies of other processes: they live out their time.
   */
  readonly immutable: boolean;
}
