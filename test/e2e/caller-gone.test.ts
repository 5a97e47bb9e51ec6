import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, credentials, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Asker } from '../../deploy/demo/ask.ts';
import { importInto } from '../../deploy/demo/demo-world.ts';
import { serviceDefinition } from '../../gateway/grpc/service-definitions.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { type ChorusProcess, startChorus } from '../servers/chorus.ts';
import { smallWorld } from './small-bundle.ts';

const callers = 60;
const clock = new RealClock();
const world = smallWorld();
let folder: string;
let chorus: ChorusProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-caller-gone-'));
  const settings = { DATA_DIR: join(folder, 'data'), MODELS_DIR: inject('modelsDir') };
  await importInto(settings, world);
  chorus = await startChorus(settings);
  const asker = new Asker(chorus.http, clock);
  await asker.askUntilComplete({ user_id: world.users[0] ?? '', top_n: 3 });
});

afterAll(async () => {
  await chorus.process.stop();
  await rm(folder, { recursive: true });
});

test('callers that hang up are counted as such, and their answers as shown to nobody', async () => {
  for (const user of world.users.slice(0, callers)) {
    const call = request(`${chorus.http}/v1/recommend/${user}`);
    call.on('error', () => undefined);
    call.on('finish', () => call.destroy());
    call.end();
  }
  await expectAccounted('http');
});

test('gRPC calls that are cancelled likewise', async () => {
  const client = new Client(chorus.grpc, credentials.createInsecure());
  await promisify(client.waitForReady.bind(client))(clock.nowMs() + 10_000);
  const method = serviceDefinition('chorus.v1.Recommender')['Recommend'];
  const asIs = (bytes: Buffer): Buffer => bytes;
  const codes = await Promise.all(
    world.users.slice(callers, 2 * callers).map(async (user_id, turns) => {
      const bytes = method?.requestSerialize({ user_id }) ?? Buffer.alloc(0);
      return await new Promise<number>((resolve) => {
        const call = client.makeUnaryRequest(
          '/chorus.v1.Recommender/Recommend',
          asIs,
          asIs,
          bytes,
          (error) => resolve(error?.code ?? status.OK),
        );
        // From before it was sent to after it was answered.
        afterTurns(turns, () => call.cancel());
      });
    }),
  );
  client.close();
  expect(codes).toContain(status.CANCELLED);
  await expectAccounted('grpc');
});

function afterTurns(turns: number, then: () => void): void {
  if (turns === 0) then();
  else clock.nextTurn(() => afterTurns(turns - 1, then));
}

/** Some of a surface's callers left; every answer that was given left an exposure, and no other did. */
async function expectAccounted(surface: string): Promise<void> {
  const atMost = { timeout: 10_000 };
  const figure = async (pattern: RegExp): Promise<number> => {
    const response = await fetch(`${chorus.operations}/metrics`);
    const counts = [...(await response.text()).matchAll(pattern)].map(([, count]) => Number(count));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  const left = new RegExp(
    `^moe_requests_total\\{surface="${surface}",.*"cancelled"\\} (\\d+)$`,
    'gm',
  );
  await expect.poll(() => figure(left), atMost).toBeGreaterThan(0);
  const answered = /^moe_requests_total\{.*outcome="(?:ok|degraded)"\} (\d+)$/gm;
  const shown = /^moe_exposures_total\{outcome="sent"\} (\d+)$/gm;
  await expect.poll(async () => (await figure(answered)) - (await figure(shown)), atMost).toBe(0);
}
