import type { Redis } from 'ioredis';
import type { Clock } from '../clock/clock.ts';
import { metrics } from '../telemetry/metrics.ts';

interface Write {
  readonly name: string;
  readonly value: Uint8Array;
  readonly ttlMs: number;
}

/** One command carries no more than this, so that the server is not kept from others for long. */
const maxWrites = 64;
const maxBytes = 1024 * 1024;

/** MSET knows no time to live. A value and its time for each key. */
const setAll = `for index, key in ipairs(KEYS) do
  redis.call('SET', key, ARGV[2 * index - 1], 'PX', ARGV[2 * index])
end`;

/**
 * Writes to the shared cache, gathered as `GatheredReads` does: answers that came in one frame are
 * remembered by one command, not each by a command of its own with its timer and its system call.
 */
export class GatheredWrites {
  readonly #redis: Redis;
  readonly #clock: Clock;
  #writes: Write[] = [];
  #bytes = 0;
  #sent = Promise.withResolvers<void>();

  constructor(redis: Redis, clock: Clock) {
    this.#redis = redis;
    this.#clock = clock;
  }

  /** Resolves when it is kept or lost, at the latest a turn and 50 ms from now. Never rejects. */
  async set(name: string, value: Uint8Array, ttlMs: number): Promise<void> {
    if (this.#bytes + value.byteLength > maxBytes) this.send();
    if (this.#writes.length === 0) this.#clock.nextTurn(() => this.send());
    this.#writes.push({ name, value, ttlMs });
    this.#bytes += value.byteLength;
    const sent = this.#sent.promise;
    if (this.#writes.length === maxWrites) this.send();
    await sent;
  }

  /** Sends what gathered so far: a command that must come after it follows now. */
  send(): void {
    const writes = this.#writes;
    const { resolve } = this.#sent;
    if (writes.length === 0) return;
    this.#writes = [];
    this.#bytes = 0;
    this.#sent = Promise.withResolvers();
    void this.#command(writes).then(
      () => resolve(),
      () => {
        metrics.cacheFailures.inc({ operation: 'set' }, writes.length);
        resolve();
      },
    );
  }

  #command(writes: readonly Write[]): Promise<unknown> {
    const [only] = writes;
    if (only !== undefined && writes.length === 1) {
      return this.#redis.set(only.name, bufferOf(only.value), 'PX', only.ttlMs);
    }
    const names = writes.map(({ name }) => name);
    const values = writes.flatMap(({ value, ttlMs }) => [bufferOf(value), ttlMs]);
    return this.#redis.eval(setAll, names.length, ...names, ...values);
  }
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
