import { describe, expect, it } from 'vitest';
import { itemCounts } from './interactions.ts';
import { syntheticWorld } from './synthetic-world.ts';

describe('syntheticWorld', () => {
  const world = syntheticWorld({ seed: 4, items: 200, users: 300 });

  it('repeats itself with its seed and differs with another', () => {
    expect(syntheticWorld({ seed: 4, items: 200, users: 300 })).toEqual(world);
    expect(syntheticWorld({ seed: 5, items: 200, users: 300 })).not.toEqual(world);
  });

  it('shows a user each film once, in the order of time', () => {
    world.users.forEach((_, user) => {
      const [start, end] = [world.offsets[user] ?? 0, world.offsets[user + 1] ?? 0];
      const rows = [...world.itemRows.subarray(start, end)];
      const times = [...(world.timesMs?.subarray(start, end) ?? [])];
      expect(rows.length).toBeGreaterThan(5);
      expect(new Set(rows).size).toBe(rows.length);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    });
  });

  it('gives every film its own title', () => {
    expect(new Set(world.items.map(({ title }) => title)).size).toBe(200);
  });

  it('has a few films that are met far more often than the rest', () => {
    const counts = [...itemCounts(world)].toSorted((a, b) => b - a);
    const top = counts.slice(0, 20).reduce((sum, count) => sum + count, 0);
    expect(top / world.itemRows.length).toBeGreaterThan(0.2);
  });
});
