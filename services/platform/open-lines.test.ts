import { expect, test } from 'vitest';
import type { Presence } from '../domain/presence.ts';
import { RealClock } from './clock/real-clock.ts';
import { type Lines, openLines } from './open-lines.ts';
import { RealRandom } from './random/real-random.ts';
import type { WorkerLine } from './reply-line/reply-line.ts';
import { readSettings } from './settings.ts';

const servers = {
  KAFKA_BROKERS: 'k:9092',
  DATABASE_URL: 'postgres://db/x',
  REDIS_URL: 'redis://r',
  INTERNAL_PORT: '0',
};

function linesOf(workerId: string, environment: NodeJS.ProcessEnv): Lines {
  return openLines(readSettings(environment), workerId, new RealClock(), new RealRandom());
}

function presenceOf(workerId: string): Presence {
  const load = { inFlight: 0, queued: 0, capacity: 1 };
  return { workerId, slot: 0, experts: [], readyBundles: [], load };
}

async function announceOn(line: WorkerLine | undefined, workerId: string): Promise<void> {
  await line?.open({ onCancel: () => undefined, onAggregatorGone: () => undefined });
  line?.announce(presenceOf(workerId));
}

test('one whole process talks to itself by function call and opens no port', async () => {
  const lines = linesOf('w1', {});
  const { aggregatorLine, workerLine } = lines;
  const present: string[] = [];
  await aggregatorLine?.open({
    onPresence: ({ workerId }) => present.push(workerId),
    onReplies: () => undefined,
    onGone: () => undefined,
  });
  await announceOn(workerLine, 'w1');
  await expect.poll(() => present).toContain('w1');
  expect(lines.internalPort()).toBeUndefined();
  await lines.close();
});

test('an aggregator hears the worker beside it and one that dials, under one id', async () => {
  const whole = linesOf('beside', { ...servers, ROLES: 'gateway,worker' });
  const present = new Set<string>();
  await whole.aggregatorLine?.open({
    onPresence: ({ workerId }) => present.add(workerId),
    onReplies: () => undefined,
    onGone: () => undefined,
  });
  const AGGREGATOR = `127.0.0.1:${whole.internalPort()}`;
  const away = linesOf('away', { ...servers, ROLES: 'worker', AGGREGATOR });
  expect(away.aggregatorLine).toBeUndefined();
  await announceOn(whole.workerLine, 'beside');
  await announceOn(away.workerLine, 'away');
  await expect.poll(() => [...present].toSorted(), { timeout: 10_000 }).toEqual(['away', 'beside']);
  const aggregatorId = whole.aggregatorLine?.aggregatorId ?? '';
  expect(whole.workerLine?.isConnected(aggregatorId)).toBe(true);
  expect(away.workerLine?.isConnected(aggregatorId)).toBe(true);
  await away.close();
  await whole.close();
});

test('a gateway with aggregators elsewhere holds no end of the reply line, and asks them', () => {
  const lines = linesOf('w', { ...servers, ROLES: 'gateway', AGGREGATOR: 'a:8003' });
  expect(lines.aggregatorLine).toBeUndefined();
  expect(lines.workerLine).toBeUndefined();
  expect(lines.answerDesks).toEqual([]);
  expect(lines.answerLine).toBeDefined();
});
