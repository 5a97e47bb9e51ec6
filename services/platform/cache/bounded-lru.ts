import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock/clock.ts';

/** What an entry is taken to cost beside its key and value: two objects, the list and the map. */
const entryOverheadBytes = 256;

/** No single value may take more of the room than this share. */
const largestShare = 1 / 8;

/** Values in this process's memory: least recently used out first, bounded in bytes and in time. */
export class BoundedLru {
  readonly #entries: LRUCache<string, Uint8Array>;

  constructor(clock: Clock, maxBytes: number) {
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      maxEntrySize: Math.max(1, Math.floor(maxBytes * largestShare)),
      // Any resolution but 0 makes lru-cache hold the time with a timer of its own.
      ttlResolution: 0,
      // lru-cache takes a start of 0 for "never expires", hence the + 1.
      perf: { now: () => clock.monotonicUs() / 1000 + 1 },
    });
  }

  /** Bytes in use, estimated. */
  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get(key: string): Uint8Array | undefined {
    return this.#entries.get(key);
  }

  /** Keeps a copy; a value larger than an eighth of the room only removes what the key had. */
  set(key: string, value: Uint8Array, ttlMs: number): void {
    // A copy, because the value may be a slice of a buffer that its owner reuses, or that is far
    // larger than the slice and would stay in memory with it.
    this.#entries.set(key, new Uint8Array(value), {
      ttl: ttlMs,
      size: value.byteLength + 2 * key.length + entryOverheadBytes,
    });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
