import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { readData } from '../../services/training/data/read-data.ts';
import { Asker } from '../demo/ask.ts';
import { demoSettings, importInto } from '../demo/demo-world.ts';
import { pickQuestions } from '../demo/questions.ts';
import { showAnswer } from '../demo/show-answer.ts';
import { startDistributed, startEmbedded } from '../demo/start.ts';

const usage = `Trains a bundle, starts Chorus, asks it for three people, and stops.

  npm run demo             [-- --data <folder | synthetic>]   one process, nothing else
  npm run demo:distributed [-- --data <folder | synthetic>]   gateway, aggregator, two workers on Kafka, PostgreSQL and Redis

  --data   a folder with MovieLens-100K or MovieLens-1M; our own small world unless told`;

const seed = 1;
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const exitUsage = 64;

class UsageError extends Error {}

try {
  const { data, distributed, help } = readOptions();
  if (help) process.stdout.write(`${usage}\n`);
  else await demo(data, distributed);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const isUsage = error instanceof UsageError;
  process.stderr.write(`demo: ${message}\n${isUsage ? `\n${usage}\n` : ''}`);
  process.exitCode = isUsage ? exitUsage : 1;
}

async function demo(data: string, distributed: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-demo-'));
  const settings = demoSettings(folder);
  try {
    say('Training a bundle …');
    await train(data, join(settings.modelsDir, 'recommender', 'demo'));
    const interactions = await readData(data, seed);
    say(distributed ? 'Starting Kafka, PostgreSQL, Redis …' : 'Starting Chorus …');
    const start = distributed ? startDistributed : startEmbedded;
    const running = await start(settings, (chosen) => importInto(chosen, interactions));
    try {
      say(running.description);
      const asker = new Asker(running.http, new RealClock());
      for (const { who, question } of pickQuestions(interactions)) {
        // oxlint-disable-next-line no-await-in-loop -- one answer after the other, as it is read
        say(`\n${showAnswer(who, await asker.askUntilComplete(question))}`);
      }
    } finally {
      await running.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function train(data: string, out: string): Promise<void> {
  const command = fileURLToPath(new URL(`./train${extension}`, import.meta.url));
  const given = ['--data', data, '--out', out, '--seed', String(seed), '--hold-out', 'none'];
  const child = spawn(process.execPath, [command, ...given], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`training ended with code ${String(code)}`);
}

function readOptions(): { data: string; distributed: boolean; help: boolean } {
  const options = {
    data: { type: 'string', default: 'synthetic' },
    distributed: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
