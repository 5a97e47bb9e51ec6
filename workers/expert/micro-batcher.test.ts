import { expect, test } from 'vitest';
import { type Batchable, MicroBatcher, type ReleaseReason } from './micro-batcher.ts';

interface Named extends Batchable {
  readonly name: string;
  readonly isExpired?: boolean;
}

/** Runs batches only when told, and remembers them. */
class Bench {
  readonly batches: { names: string[]; reason: ReleaseReason }[] = [];
  readonly expired: string[] = [];
  readonly batcher = new MicroBatcher<Named>({
    maxRows: 4,
    isWorthRunning: ({ isExpired }) => isExpired !== true,
    expire: ({ name }) => this.expired.push(name),
    run: async (items, reason) => {
      this.batches.push({ names: items.map(({ name }) => name), reason });
      await new Promise<void>((resolve) => this.#running.push(resolve));
    },
  });
  readonly #running: (() => void)[] = [];

  add(name: string, lane: Named['lane'] = 'interactive', rows = 1, isExpired = false): void {
    this.batcher.add({ name, lane, rows, isExpired });
  }

  async finish(): Promise<void> {
    this.#running.shift()?.();
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    await new Promise<void>((resolve) => queueMicrotask(resolve));
  }
}

test('what queues while the runner is busy is the next batch', async () => {
  const bench = new Bench();
  bench.add('a');
  bench.batcher.release();
  bench.add('b');
  bench.add('c');
  bench.batcher.release();
  expect(bench.batches).toEqual([{ names: ['a'], reason: 'idle' }]);
  await bench.finish();
  expect(bench.batches[1]).toEqual({ names: ['b', 'c'], reason: 'idle' });
});

test('a batch is full by rows, not by items', async () => {
  const bench = new Bench();
  bench.add('a', 'interactive', 3);
  bench.add('b', 'interactive', 2);
  bench.batcher.release();
  await bench.finish();
  expect(bench.batches).toEqual([
    { names: ['a'], reason: 'rows' },
    { names: ['b'], reason: 'idle' },
  ]);
});

test('an item with more rows than a batch may have runs alone', () => {
  const bench = new Bench();
  bench.add('huge', 'interactive', 9);
  bench.batcher.release();
  expect(bench.batches[0]?.names).toEqual(['huge']);
});

test('interactive items go before bulk ones that waited longer', () => {
  const bench = new Bench();
  bench.add('bulk', 'bulk');
  bench.add('now');
  bench.batcher.release();
  expect(bench.batches[0]?.names).toEqual(['now', 'bulk']);
});

test('an expired item is not run', () => {
  const bench = new Bench();
  bench.add('old', 'interactive', 1, true);
  bench.add('new');
  bench.batcher.release();
  expect(bench.expired).toEqual(['old']);
  expect(bench.batches[0]?.names).toEqual(['new']);
});

test('dropped items are forgotten, drain runs the rest and waits', async () => {
  const bench = new Bench();
  bench.add('a');
  bench.add('b');
  bench.batcher.drop(({ name }) => name === 'a');
  const drained = bench.batcher.drain();
  expect(bench.batches).toEqual([{ names: ['b'], reason: 'drain' }]);
  await bench.finish();
  await drained;
  expect(bench.batcher.queued).toBe(0);
});
