import { expect, test } from 'vitest';
import { ChorusError } from '../domain/errors.ts';
import type { Timer } from '../platform/clock/clock.ts';
import { RealClock } from '../platform/clock/real-clock.ts';
import { LiveBundle } from './live-bundle.ts';

/** A clock whose two seconds pass when it is told. */
class TickingClock extends RealClock {
  #task: (() => void) | undefined;

  override every(_periodMs: number, task: () => void): Timer {
    this.#task = task;
    return { cancel: () => (this.#task = undefined) };
  }

  tick(): void {
    this.#task?.();
  }
}

/** A pointer that may move, hang or fail. */
class Pointer {
  version: string | undefined = 'v1';
  failure: Error | undefined;
  reads = 0;
  hanging: Promise<void> | undefined;

  async read(): Promise<string | undefined> {
    this.reads += 1;
    await this.hanging;
    if (this.failure !== undefined) throw this.failure;
    return this.version;
  }
}

async function watched(): Promise<{ pointer: Pointer; clock: TickingClock; live: LiveBundle }> {
  const pointer = new Pointer();
  const clock = new TickingClock();
  return { pointer, clock, live: await LiveBundle.watch(pointer, 'recommender', clock) };
}

test('a promotion arrives with the next reading', async () => {
  const { pointer, clock, live } = await watched();
  expect(live.name).toBe('recommender/v1');
  pointer.version = 'v2';
  clock.tick();
  await expect.poll(() => live.name).toBe('recommender/v2');
});

test('with nothing chosen the name is empty', async () => {
  const { pointer, clock, live } = await watched();
  pointer.version = undefined;
  clock.tick();
  await expect.poll(() => live.name).toBe('');
});

test('what is known serves on while the records are away', async () => {
  const { pointer, clock, live } = await watched();
  pointer.failure = new ChorusError('unavailable', 'no database');
  clock.tick();
  await expect.poll(() => pointer.reads).toBe(2);
  expect(live.name).toBe('recommender/v1');
  pointer.failure = undefined;
  pointer.version = 'v2';
  clock.tick();
  await expect.poll(() => live.name).toBe('recommender/v2');
});

test('one reading at a time, and none after the end', async () => {
  const { pointer, clock, live } = await watched();
  const { promise, resolve } = Promise.withResolvers<void>();
  pointer.hanging = promise;
  clock.tick();
  clock.tick();
  expect(pointer.reads).toBe(2);
  const closing = Promise.all([live.close(), live.close()]);
  resolve();
  await closing;
  clock.tick();
  expect(pointer.reads).toBe(2);
});
