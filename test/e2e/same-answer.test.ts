import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Asker, type Question } from '../../deploy/demo/ask.ts';
import { importInto } from '../../deploy/demo/demo-world.ts';
import type { RecommendReply } from '../../gateway/messages/recommend.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { KillCluster } from '../kills/kill-cluster.ts';
import { type ChorusProcess, startChorus } from '../servers/chorus.ts';
import { smallWorld } from './small-bundle.ts';

const missing = KillCluster.whyMissing();
const world = smallWorld();
const questions: readonly Question[] = [
  ...world.users.slice(0, 40).map((user_id) => ({ user_id, top_n: 80 })),
  ...world.items.slice(0, 10).map(({ id }) => ({ session: [{ item_id: id }], top_n: 80 })),
  { user_id: 'nobody-knows-me', top_n: 80 },
];

describe.skipIf(missing !== undefined)(
  `the same answer on both engines${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let folder: string;
    let embedded: ChorusProcess;
    let cluster: KillCluster;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'chorus-same-'));
      const settings = { DATA_DIR: join(folder, 'data'), MODELS_DIR: inject('modelsDir') };
      await importInto(settings, world);
      embedded = await startChorus(settings);
      cluster = await KillCluster.start({ modelsDir: inject('modelsDir'), world });
      await cluster.beWhole();
    });

    afterAll(async () => {
      await Promise.all([embedded.process.stop(), cluster.stop()]);
      await rm(folder, { recursive: true });
    });

    test('one by one, and all at once so that they share batches', async () => {
      const clock = new RealClock();
      const [here, there] = [
        new Asker(embedded.http, clock),
        new Asker(cluster.gateway.http, clock),
      ];
      const alone: RecommendReply[] = [];
      for (const question of questions) {
        // oxlint-disable-next-line no-await-in-loop -- alone is what is compared
        alone.push(await here.askUntilComplete(question));
      }
      const distributed = await Promise.all(questions.map((each) => there.askUntilComplete(each)));
      const together = await Promise.all(questions.map((each) => here.askUntilComplete(each)));
      for (const [index, answer] of alone.entries()) {
        expectSame(distributed[index], answer);
        expectSame(together[index], answer);
      }
    });
  },
);

function expectSame(found: RecommendReply | undefined, expected: RecommendReply): void {
  expect(found?.degraded).toBe(false);
  expect(found?.path).toBe(expected.path);
  expect(found?.experts.map(({ expert }) => expert)).toEqual(
    expected.experts.map(({ expert }) => expert),
  );
  // By item: two items whose scores differ by less than the tolerance may change places.
  const scores = new Map(found?.items.map(({ item_id, score }) => [item_id, score]));
  expect(scores.size).toBe(expected.items.length);
  for (const { item_id, score } of expected.items) {
    expect(Math.abs((scores.get(item_id) ?? NaN) - score)).toBeLessThanOrEqual(1e-5);
  }
}
