import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { ChorusError } from '../../services/domain/errors.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { proveBundle } from '../../services/flows/prove-bundle.ts';
import { openModelRunner } from '../../services/platform/open-model-runner.ts';
import { readBundleFolder } from '../../services/registry/bundle-folder.ts';
import { type Interactions } from '../../services/training/data/interactions.ts';
import { readData } from '../../services/training/data/read-data.ts';
import { KernelThreads } from '../../services/training/threads/kernel-threads.ts';
import { trainRecommender } from '../../services/training/train-recommender.ts';
import { type TrainedRecommender } from '../../services/training/trained-recommender.ts';
import { type TrainingProgress } from '../../services/training/training-progress.ts';
import { settingsFor } from '../../services/training/training-settings.ts';
import { versionOf, writeBundle } from '../../services/training/write-bundle.ts';
import { explainFailure, report, seedOf, UsageError } from '../terminal/command-line.ts';

const usage = `Trains a recommender and writes it as a bundle.

  npm run train -- --data <folder | synthetic> --out <bundle folder> [--seed N] [--json]

  --data   a folder with MovieLens-100K or MovieLens-1M, or "synthetic" for our own world
  --out    the bundle's folder, which must not exist; its name becomes the version
  --seed   0 to 2147483647; equal seeds give equal bundles (1)
  --json   one JSON object with the figures on stdout`;

/** What the command line asks for. */
interface TrainOptions {
  readonly data: string;
  readonly out: string;
  readonly seed: number;
  readonly json: boolean;
}

try {
  await train(readOptions(process.argv.slice(2)));
} catch (error) {
  process.exitCode = explainFailure('train', usage, error);
}

async function train({ data, out, seed, json }: TrainOptions): Promise<void> {
  versionOf(out);
  // Said now rather than after the minutes that a training takes; writing checks it again.
  if (existsSync(out)) throw new ChorusError('already_exists', `--out ${out} exists already`);
  const clock = new RealClock();
  const startUs = clock.monotonicUs();
  const interactions = await readData(data, seed);
  const threads = new KernelThreads(availableParallelism());
  const progress = showProgress();
  try {
    const run = { seed, threads, clock, onProgress: progress.show };
    const model = await trainRecommender(interactions, settingsFor(interactions), run);
    const manifest = await writeBundle(model, { folder: out, createdMs: clock.nowMs() });
    const servingDifference = await prove(out, model, interactions);
    progress.stop();
    report(json, {
      bundle: `${manifest.mixture}/${manifest.version}`,
      ...manifest.metrics,
      ...manifest.lineage,
      serving_difference: servingDifference,
      bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
      seconds: Math.round((clock.monotonicUs() - startUs) / 1e5) / 10,
    });
  } finally {
    progress.stop();
    await threads.close();
  }
}

/** Serves the written bundle and holds it against the trained model; one that differs does not stay. */
async function prove(
  out: string,
  model: TrainedRecommender,
  interactions: Interactions,
): Promise<number> {
  const runner = openModelRunner(new RealClock());
  try {
    return await proveBundle(await readBundleFolder(resolve(out)), model, interactions, runner);
  } catch (error) {
    await rm(out, { recursive: true, force: true });
    throw error;
  } finally {
    await runner.close();
  }
}

function readOptions(args: string[]): TrainOptions {
  const { data, out, seed, json, help } = parse(args);
  if (help === true) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  if (data === undefined) throw new UsageError('--data is missing');
  if (out === undefined) throw new UsageError('--out is missing');
  return { data, out, seed: seedOf(seed), json: json === true };
}

function parse(args: string[]) {
  try {
    const options = {
      data: { type: 'string' },
      out: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** A bar on a terminal, else a line at each stage; on stderr, so that stdout stays the result's. */
function showProgress() {
  let stage = '';
  if (!process.stderr.isTTY) {
    return {
      show: (progress: TrainingProgress): void => {
        if (progress.stage === stage) return;
        stage = progress.stage;
        process.stderr.write(`${lineOf(progress)}\n`);
      },
      stop: (): void => undefined,
    };
  }
  const bar = new SingleBar({ format: '{bar} {line}', hideCursor: true, stream: process.stderr });
  bar.start(1, 0, { line: 'reading' });
  return {
    show: (progress: TrainingProgress): void => {
      bar.update(Math.min(1, progress.done / progress.total), { line: lineOf(progress) });
    },
    stop: (): void => bar.stop(),
  };
}

function lineOf({ stage, done, total, perSecond, secondsLeft }: TrainingProgress): string {
  const percent = Math.min(100, Math.round((100 * done) / total));
  const rate = `${Math.round(perSecond)} M multiplications/s`;
  return `${stage}: ${percent} %, ${rate}, ${Math.round(secondsLeft)} s left`;
}
