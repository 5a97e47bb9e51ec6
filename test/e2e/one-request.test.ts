import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Asker } from '../../deploy/demo/ask.ts';
import { importInto } from '../../deploy/demo/demo-world.ts';
import { serviceDefinition } from '../../gateway/grpc/service-definitions.ts';
import type { RecommendReply } from '../../gateway/messages/recommend.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { syntheticWorld } from '../../services/training/data/synthetic-world.ts';
import { type ChorusProcess, startChorus } from '../servers/chorus.ts';

const world = syntheticWorld({ seed: 1, items: 80, users: 200 });
const [someone = ''] = world.users;
let folder: string;
let chorus: ChorusProcess;
let asker: Asker;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-one-request-'));
  const settings = { DATA_DIR: join(folder, 'data'), MODELS_DIR: inject('modelsDir') };
  await importInto(settings, world);
  chorus = await startChorus(settings);
  asker = new Asker(chorus.http, new RealClock());
});

afterAll(async () => {
  await chorus.process.stop();
  await rm(folder, { recursive: true });
});

test('a known user gets ranked titles from two to four experts whose weights sum to one', async () => {
  const answer = await asker.askUntilComplete({ user_id: someone, top_n: 7 });
  expect(answer).toMatchObject({ path: 'user', degraded: false, bundle: 'recommender/small' });
  expect(answer.items).toHaveLength(7);
  expect(answer.items.every(({ title }) => title.length > 0)).toBe(true);
  const scores = answer.items.map(({ score }) => score);
  expect(scores.toSorted((a, b) => b - a)).toEqual(scores);
  expect(answer.experts.length).toBeGreaterThanOrEqual(2);
  expect(answer.experts.length).toBeLessThanOrEqual(4);
  expect(answer.experts.every(({ status }) => status === 'answered')).toBe(true);
  const weights = answer.experts.reduce((sum, { weight }) => sum + weight, 0);
  expect(weights).toBeCloseTo(1, 6);
});

test('what the user already had is left out, unless asked for', async () => {
  const end = world.offsets[1] ?? 0;
  const had = Array.from(world.itemRows.subarray(0, end), (row) => world.items[row]?.id ?? '');
  const { items } = await asker.ask({ user_id: someone, top_n: 80 });
  expect(items.filter(({ item_id }) => had.includes(item_id))).toEqual([]);
  expect(items).toHaveLength(80 - had.length);
});

test('a stranger is answered from the session, and without one by popularity', async () => {
  const session = [{ item_id: world.items[3]?.id ?? '' }];
  const fromSession = await asker.askUntilComplete({ session, top_n: 3 });
  expect(fromSession.path).toBe('session');
  expect(fromSession.experts.length).toBeGreaterThanOrEqual(2);
  const popular = await asker.ask({ user_id: 'nobody', top_n: 3 });
  expect(popular).toMatchObject({ path: 'popularity', experts: [], degraded: false });
  expect(popular.items).toHaveLength(3);
});

test('gRPC gives the same answer as HTTP', async () => {
  const overHttp = await asker.askUntilComplete({ user_id: someone, top_n: 5 });
  const overGrpc = await recommendOverGrpc({ user_id: someone, top_n: 5, no_cache: true });
  expect(overGrpc.items.map(({ item_id }) => item_id)).toEqual(
    overHttp.items.map(({ item_id }) => item_id),
  );
  for (const [index, { score }] of overGrpc.items.entries()) {
    expect(score).toBeCloseTo(overHttp.items[index]?.score ?? NaN, 5);
  }
});

test('the same question again is remembered, with an id and timings of its own', async () => {
  const question = { user_id: someone, top_n: 4 };
  const first = await recommendOverGrpc({ ...question, request_id: 'one' });
  await expect
    .poll(async () => recommendOverGrpc({ ...question, request_id: 'two' }))
    .toMatchObject({ cached: true, request_id: 'two' });
  const again = await recommendOverGrpc(question);
  expect(again.items).toEqual(first.items);
});

async function recommendOverGrpc(request: object): Promise<RecommendReply> {
  const definition = serviceDefinition('chorus.v1.Recommender');
  const method = definition['Recommend'];
  if (method === undefined) throw new Error('no Recommend');
  const client = new Client(chorus.grpc, credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        (message: object) => method.requestSerialize(message),
        (bytes: Buffer): RecommendReply => method.responseDeserialize(bytes),
        request,
        (error, reply) => {
          if (reply === undefined) reject(error ?? new Error('no reply'));
          else resolve(reply);
        },
      );
    });
  } finally {
    client.close();
  }
}
