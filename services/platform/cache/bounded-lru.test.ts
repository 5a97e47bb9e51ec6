import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RealClock } from '../clock/real-clock.ts';
import { BoundedLru } from './bounded-lru.ts';
import { timeToLiveMs } from './time-to-live.ts';

class ManualClock extends RealClock {
  nowUs = 0;

  override monotonicUs(): number {
    return this.nowUs;
  }
}

describe('bounded lru', () => {
  it('lets a value live exactly its time, also from the clock’s zero on', () => {
    const clock = new ManualClock();
    const lru = new BoundedLru(clock, 10_000);
    lru.set('a', new Uint8Array(1), 100);
    clock.nowUs = 100_000;
    expect(lru.get('a')).toBeDefined();
    clock.nowUs = 100_001;
    expect(lru.get('a')).toBeUndefined();
  });

  it('never uses more room than it has, and drops what was used least recently', () => {
    const lru = new BoundedLru(new ManualClock(), 10_000);
    const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`);
    for (const key of keys) {
      lru.set(key, new Uint8Array(500), 1000);
      lru.get('key-0');
      expect(lru.bytes).toBeLessThanOrEqual(10_000);
    }
    expect(lru.get('key-0')).toBeDefined();
    expect(lru.get('key-99')).toBeDefined();
    expect(lru.get('key-50')).toBeUndefined();
  });

  it('gives a deleted or cleared value’s room back', () => {
    const lru = new BoundedLru(new ManualClock(), 10_000);
    lru.set('a', new Uint8Array(500), 1000);
    lru.delete('a');
    lru.set('b', new Uint8Array(500), 1000);
    lru.clear();
    expect([lru.get('a'), lru.get('b'), lru.bytes]).toEqual([undefined, undefined, 0]);
  });
});

describe('time to live', () => {
  it('stays within the jitter and uses all of it', () => {
    const random = (uniform: number) => ({
      uniform: () => uniform,
      id: () => '',
      bytes: () => new Uint8Array(),
    });
    const space = { name: 's', ttlMs: 60_000, ttlJitter: 0.1, immutable: true };
    expect(timeToLiveMs(space, random(0))).toBe(54_000);
    expect(timeToLiveMs(space, random(0.5))).toBe(60_000);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (ttlMs, ttlJitter, uniform) => {
          const ms = timeToLiveMs({ ...space, ttlMs, ttlJitter }, random(uniform));
          expect(Number.isInteger(ms) && ms >= 1).toBe(true);
          expect(Math.abs(ms - ttlMs)).toBeLessThanOrEqual(Math.ceil(ttlMs * ttlJitter));
        },
      ),
    );
  });
});
