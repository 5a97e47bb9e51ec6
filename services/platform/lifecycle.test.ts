import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Lifecycle, type Part } from './lifecycle.ts';

const silent = pino({ level: 'silent' });

class NotedPart implements Part {
  readonly name: string;
  readonly #notes: string[];
  constructor(name: string, notes: string[]) {
    this.name = name;
    this.#notes = notes;
  }
  async start(): Promise<void> {
    this.#notes.push(`start ${this.name}`);
  }
  async stop(): Promise<void> {
    this.#notes.push(`stop ${this.name}`);
  }
}

test('parts stop in the reverse order of their start, once', async () => {
  const notes: string[] = [];
  const lifecycle = new Lifecycle(silent);
  await lifecycle.start(new NotedPart('platform', notes));
  await lifecycle.start(new NotedPart('gateway', notes));
  expect(lifecycle.unfinished).toEqual(['gateway', 'platform']);
  const [first, second] = await Promise.all([lifecycle.stop('SIGTERM'), lifecycle.stop('SIGINT')]);
  expect([first, second]).toEqual([true, true]);
  expect(notes).toEqual(['start platform', 'start gateway', 'stop gateway', 'stop platform']);
  expect(lifecycle.unfinished).toEqual([]);
});

test('a stop aborts the start under way and waits for it before it closes anything', async () => {
  const notes: string[] = [];
  const lifecycle = new Lifecycle(silent);
  await lifecycle.start(new NotedPart('operations', notes));
  const waiting = lifecycle.start({
    name: 'platform',
    start: (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          notes.push('platform gave up');
          reject(signal.reason);
        });
      }),
    stop: async () => {
      notes.push('stop platform');
    },
  });
  const [started, stopped] = await Promise.allSettled([waiting, lifecycle.stop('SIGTERM')]);
  expect(started).toMatchObject({ status: 'rejected', reason: { code: 'cancelled' } });
  expect(stopped).toMatchObject({ value: true });
  expect(notes).toEqual([
    'start operations',
    'platform gave up',
    'stop platform',
    'stop operations',
  ]);
  await expect(lifecycle.start(new NotedPart('late', notes))).rejects.toMatchObject({
    code: 'cancelled',
  });
});

test('a part that fails to close does not keep the others open', async () => {
  const notes: string[] = [];
  const lifecycle = new Lifecycle(silent);
  await lifecycle.start(new NotedPart('operations', notes));
  await lifecycle.start({
    name: 'broken',
    start: () => Promise.resolve(),
    stop: () => Promise.reject(new Error('no')),
  });
  expect(await lifecycle.stop('SIGTERM')).toBe(false);
  expect(notes).toContain('stop operations');
});

test('a part that hangs while it closes is named', async () => {
  const lifecycle = new Lifecycle(silent);
  const notes: string[] = [];
  await lifecycle.start(new NotedPart('operations', notes));
  const closed = Promise.withResolvers<undefined>();
  await lifecycle.start({
    name: 'gateway',
    start: () => Promise.resolve(),
    stop: () => closed.promise,
  });
  const stopped = lifecycle.stop('SIGTERM');
  await expect.poll(() => lifecycle.isStopping).toBe(true);
  expect(lifecycle.unfinished).toEqual(['gateway', 'operations']);
  closed.resolve(undefined);
  expect(await stopped).toBe(true);
});
