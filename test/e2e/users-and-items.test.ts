import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { importInto } from '../../deploy/demo/demo-world.ts';
import { type RunningDemo, startDistributed, startEmbedded } from '../../deploy/demo/start.ts';
import type { RecommendReply } from '../../gateway/messages/recommend.ts';
import { chorus } from '../../proto/generated/internal.js';
import { exposuresTopic } from '../../services/domain/topics.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { EmbeddedEventLog } from '../../services/platform/event-log/embedded-event-log.ts';
import { SqliteThread } from '../../services/platform/sqlite/sqlite-thread.ts';
import { kafka } from '../servers/kafka.ts';
import { postgres } from '../servers/postgres.ts';
import { redis } from '../servers/redis.ts';
import { root } from '../structure/source-files.ts';
import { smallWorld } from './small-bundle.ts';

const world = smallWorld();
const missing = [kafka, postgres, redis].flatMap((kind) => kind.whyMissing() ?? []);
const engines = [
  { engine: 'embedded', start: startEmbedded, lacks: '' },
  { engine: 'distributed', start: startDistributed, lacks: missing.join('; ') },
];

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

describe.each(engines)('$engine $lacks', ({ engine, start, lacks }) => {
  let folder: string;
  let running: RunningDemo | undefined;
  /** Answers that showed something. */
  let shown = 0;

  beforeAll(async () => {
    if (lacks !== '') return;
    folder = await mkdtemp(join(tmpdir(), 'chorus-users-and-items-'));
    const settings = { dataDir: join(folder, 'data'), modelsDir: inject('modelsDir') };
    running = await start(settings, (environment) => importInto(environment, world));
    // Workers take a moment to be present.
    await vi.waitFor(
      async () => {
        const { degraded } = await recommend({ user_id: user(0), no_cache: true });
        if (degraded) throw new Error('no full answer yet');
      },
      { timeout: 30_000, interval: 100 },
    );
  });
  afterAll(async () => {
    if (lacks !== '') return;
    await running?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test.skipIf(lacks !== '')(
    'every score is the sum of its parts, both ways, remembered or not',
    async () => {
      const session = [{ item_id: itemId(3) }, { item_id: itemId(4) }, { item_id: itemId(3) }];
      const questions = [
        { user_id: user(1), explain: true, top_n: 80 },
        { user_id: user(1), session, explain: true, include_seen: true, top_n: 20 },
        { session, explain: true },
        { user_id: 'nobody', explain: true },
      ];
      for (const question of questions) {
        // oxlint-disable-next-line no-await-in-loop -- one answer after the other
        const answer = await recommend(question);
        expect(answer.items.length).toBeGreaterThan(0);
        expectSums(answer);
        // oxlint-disable-next-line no-await-in-loop
        await expect.poll(() => recommend(question)).toMatchObject({ cached: true });
        // oxlint-disable-next-line no-await-in-loop
        expectSums(await recommend(question));
      }
      const known = await recommend({ user_id: user(1), explain: true });
      const past = known.items[0]?.explanation?.history.map(({ item_id }) => item_id) ?? [];
      expect(past.length).toBeGreaterThan(0);
      expect(historyOf(1)).toEqual(expect.arrayContaining(past));
      const plain = await recommend({ user_id: user(1) });
      expect(plain.items[0]).not.toHaveProperty('explanation');
    },
  );

  test.skipIf(lacks !== '')('a deleted user is gone from the next answer', async () => {
    const url = `/v1/users/${user(2)}`;
    const known = await call('GET', url);
    expect(known).toMatchObject({ status: 200, body: { user_id: user(2) } });
    expect(known.body).toHaveProperty('seen_item_ids', historyOf(2));
    await expect
      .poll(() => recommend({ user_id: user(2) }))
      .toMatchObject({ path: 'user', cached: true });

    expect(await call('DELETE', url)).toEqual({ status: 200, body: { deleted: true } });
    expect(await recommend({ user_id: user(2) })).toMatchObject({
      path: 'popularity',
      cached: false,
    });
    expect(await call('GET', url)).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found', field: 'user_id' } },
    });
    expect(await call('DELETE', url)).toEqual({ status: 200, body: { deleted: false } });
  });

  test.skipIf(lacks !== '')(
    'a deleted item is gone from the next answer, and comes back when it is put back',
    async () => {
      const question = { user_id: user(3), top_n: 3 };
      await expect.poll(() => recommend(question)).toMatchObject({ cached: true });
      const [first, second] = idsOf(await recommend(question));
      const url = `/v1/items/${first}`;
      expect(await call('DELETE', url)).toEqual({ status: 200, body: { deleted: true } });
      const without = await recommend(question);
      expect(without.cached).toBe(false);
      expect(idsOf(without)[0]).toBe(second);
      expect(idsOf(without)).not.toContain(first);
      const among = await recommend({ ...question, candidates: [first, second] });
      expect(among).toMatchObject({ unknown_candidates: [first] });
      expect(idsOf(among)).toEqual([second]);

      const item = { title: 'Back Again', genres: ['Heist'], year: 2001, attributes: {} };
      expect(await call('PUT', url, item)).toEqual({
        status: 200,
        body: { item_id: first, ...item },
      });
      const again = await recommend(question);
      expect(again.items[0]).toMatchObject({ item_id: first, title: 'Back Again' });
    },
  );

  test.skipIf(lacks !== '')(
    'an added item is ranked at once by its genres, or said to be unknown',
    async () => {
      const genres = world.items[7]?.genres ?? [];
      await call('PUT', '/v1/items/brand-new', { title: 'Brand New', genres });
      await call('PUT', '/v1/items/enigma', { title: 'Enigma' });
      const candidates = ['brand-new', 'enigma', itemId(7)];
      const question = { user_id: user(4), candidates, include_seen: true, explain: true };
      const answer = await recommend(question);
      expect(answer.unknown_candidates).toEqual(['enigma']);
      expect(idsOf(answer).toSorted()).toEqual(['brand-new', itemId(7)].toSorted());
      expect(answer.items.find(({ item_id }) => item_id === 'brand-new')?.title).toBe('Brand New');
      expectSums(answer);
      const gone = { status: 200, body: { deleted: true } };
      expect(await call('DELETE', '/v1/items/brand-new')).toEqual(gone);
      expect((await recommend(question)).unknown_candidates).toEqual(['brand-new', 'enigma']);
    },
  );

  test.skipIf(lacks !== '')('a deletion tells whether there was anything to delete', async () => {
    const deleted = async (path: string): Promise<unknown> => (await call('DELETE', path)).body;
    // The bundle alone knows this one, the records alone the next.
    expect(await deleted(`/v1/items/${itemId(11)}`)).toEqual({ deleted: true });
    expect(await deleted(`/v1/items/${itemId(11)}`)).toEqual({ deleted: false });
    await call('PUT', '/v1/items/written', { title: 'Written' });
    expect(await deleted('/v1/items/written')).toEqual({ deleted: true });
    expect(await deleted('/v1/items/nobody-knows-it')).toEqual({ deleted: false });
    expect(await deleted('/v1/users/nobody-knows-her')).toEqual({ deleted: false });
  });

  // The rest looks into the data folder, which only the embedded engine has.
  if (engine !== 'embedded') return;

  test('an import is refused in words while a server holds the data', () => {
    const { status, stderr } = importWhile(join(folder, 'data'));
    expect(status).toBe(1);
    expect(stderr).toContain('a server holds DATA_DIR');
  });

  test('every answer that showed something left its exposure', async () => {
    await running?.stop();
    const clock = new RealClock();
    const storage = await SqliteThread.open(join(folder, 'data'));
    const log = new EmbeddedEventLog(storage, clock);
    const exposures: chorus.v1.Exposure[] = [];
    await log.ensureTopics([exposuresTopic]);
    for (let partition = 0; partition < exposuresTopic.partitions; partition += 1) {
      // oxlint-disable-next-line no-await-in-loop
      for await (const { value } of log.replay(exposuresTopic, partition, 0)) {
        exposures.push(chorus.v1.Exposure.decode(value));
      }
    }
    await log.close();
    await storage.close();
    expect(exposures).toHaveLength(shown);
    expect(new Set(exposures.map(({ exposureId }) => exposureId)).size).toBe(shown);
    expect(exposures.some(({ cached }) => cached)).toBe(true);
    expect(exposures.every(({ bundle }) => bundle === 'recommender/small')).toBe(true);
    for (const { gates, k, path } of exposures) {
      expect(gates).toHaveLength(8);
      expect(gates.reduce((sum, gate) => sum + gate, 0)).toBeCloseTo(1, 3);
      expect(path === 'popularity' || (k >= 2 && k <= 4)).toBe(true);
    }
  });

  async function recommend(question: object): Promise<RecommendReply> {
    const { status, body } = await call('POST', '/v1/recommend', question);
    expect({ status, body }).toMatchObject({ status: 200 });
    const answer: RecommendReply = JSON.parse(JSON.stringify(body));
    if (answer.items.length > 0) shown += 1;
    return answer;
  }

  async function call(method: string, path: string, body?: object): Promise<Reply> {
    const response = await fetch(`${running?.http}${path}`, {
      method,
      ...(body && {
        body: JSON.stringify(body),
        // Patient: this is no test of a busy machine.
        headers: { 'content-type': 'application/json', 'x-request-timeout-ms': '5000' },
      }),
    });
    return { status: response.status, body: await response.json() };
  }
});

function expectSums(answer: RecommendReply): void {
  const sum = (parts: readonly { readonly amount: number }[]): number =>
    parts.reduce((total, { amount }) => total + amount, 0);
  for (const { score, explanation } of answer.items) {
    const { base, experts, history, other } = explanation ?? {
      base: NaN,
      experts: [],
      history: [],
      other: NaN,
    };
    expect(Math.abs(base + sum(experts) - score)).toBeLessThan(1e-5);
    expect(Math.abs(sum(history) + other - score)).toBeLessThan(1e-5);
    expect(experts).toHaveLength(
      answer.experts.filter(({ status }) => status === 'answered').length,
    );
  }
}

function user(row: number): string {
  return world.users[row] ?? '';
}

function itemId(row: number): string {
  return world.items[row]?.id ?? '';
}

function historyOf(row: number): readonly string[] {
  const rows = world.itemRows.subarray(world.offsets[row], world.offsets[row + 1]);
  return Array.from(rows, itemId);
}

function idsOf(answer: RecommendReply): readonly string[] {
  return answer.items.map(({ item_id }) => item_id);
}

function importWhile(dataDir: string): { status: number | null; stderr: string } {
  const args = [join(root, 'dist/deploy/commands/import.js'), '--data', 'synthetic', '--json'];
  return spawnSync(process.execPath, args, { env: { DATA_DIR: dataDir }, encoding: 'utf8' });
}
