import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Asker } from '../../deploy/demo/ask.ts';
import { Cluster } from '../../deploy/demo/cluster.ts';
import { importInto } from '../../deploy/demo/demo-world.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { smallWorld } from './small-bundle.ts';

const missing = Cluster.whyMissing();
let cluster: Cluster;
let spoiltModels: string;

describe.skipIf(missing !== undefined)(
  `a worker whose bundle is refused${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  { timeout: 120_000 },
  () => {
    beforeAll(async () => {
      spoiltModels = await mkdtemp(join(tmpdir(), 'chorus-spoilt-'));
      await cp(inject('modelsDir'), spoiltModels, { recursive: true });
      await writeFile(join(spoiltModels, 'recommender/small/expert-3.onnx'), 'no model');
      cluster = await Cluster.start({
        modelsDir: inject('modelsDir'),
        fill: (settings) => importInto(settings, smallWorld()),
        aggregators: 0,
        workers: 0,
      });
    });

    afterAll(async () => {
      await cluster?.stop();
      await rm(spoiltModels, { recursive: true });
    });

    test('ends with exit code 78 and the reason; its experts are absent until a good one comes', async () => {
      const crew = { ROLES: 'worker', AGGREGATOR: cluster.gateway.internal };
      const refused = cluster.start({ ...crew, MODELS_DIR: spoiltModels });
      await expect(refused).rejects.toThrow(/ended with code 78.*expert-3\.onnx has 8 bytes/s);
      const asker = new Asker(cluster.gateway.http, new RealClock());
      const [someone = ''] = smallWorld().users;
      const question = { user_id: someone, top_n: 3 };
      const base = await asker.ask(question);
      expect(base).toMatchObject({ degraded: true, path: 'user' });
      expect(base.items).toHaveLength(3);
      expect(base.experts.filter(({ status }) => status !== 'absent')).toEqual([]);
      await cluster.start(crew);
      expect(await asker.askUntilComplete(question)).toMatchObject({ degraded: false });
    });
  },
);
