import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ChorusError } from '../../services/domain/errors.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { proveBundle } from '../../services/flows/prove-bundle.ts';
import { openModelRunner } from '../../services/platform/open-model-runner.ts';
import { readBundleFolder } from '../../services/registry/bundle-folder.ts';
import { FolderCheckpoint } from '../../services/training/checkpoint/folder-checkpoint.ts';
import { holdOutLast } from '../../services/training/data/hold-out-last.ts';
import { type Interactions } from '../../services/training/data/interactions.ts';
import { readData } from '../../services/training/data/read-data.ts';
import { KernelThreads } from '../../services/training/threads/kernel-threads.ts';
import { trainRecommender } from '../../services/training/train-recommender.ts';
import { type TrainedRecommender } from '../../services/training/trained-recommender.ts';
import { settingsFor } from '../../services/training/training-settings.ts';
import { versionOf, writeBundle } from '../../services/training/write-bundle.ts';
import { explainFailure, report, seedOf, UsageError } from '../terminal/command-line.ts';
import { TrainingBar } from '../terminal/training-bar.ts';

const usage = `Trains a recommender and writes it as a bundle.

  npm run train -- --data <folder | synthetic> --out <bundle folder> [--seed N] [--hold-out last | none] [--json]

  --data      a folder with MovieLens-100K or MovieLens-1M, or "synthetic" for our own world
  --out       the bundle's folder, which must not exist; its name becomes the version
  --seed      0 to 2147483647; equal seeds give equal bundles (1)
  --hold-out  last: learn nothing of each user's last item, so that evaluating asks for something new
              (MovieLens-100K); none: learn from everything (all other data)
  --json      one JSON object with the figures on stdout

A run that was ended goes on after its last finished stage when the same command is given again: the
stages lie in <bundle folder>.partial until the bundle is written.`;

/** What the command line asks for. */
interface TrainOptions {
  readonly data: string;
  readonly out: string;
  readonly seed: number;
  readonly holdOut: HoldOut | undefined;
  readonly json: boolean;
}

/** What training does not get to see. */
type HoldOut = 'last' | 'none';

/** What runs models or kernels: a process that exits while it does is aborted by ONNX Runtime. */
const running = new Set<{ close(): Promise<void> }>();
let endedBy: NodeJS.Signals | undefined;

try {
  await train(readOptions(process.argv.slice(2)));
} catch (error) {
  // A run that a signal ended has said so, and fails at whatever it was doing.
  if (endedBy === undefined) process.exitCode = explainFailure('train', usage, error);
}

async function train({ data, out, seed, holdOut, json }: TrainOptions): Promise<void> {
  const version = versionOf(out);
  // Said now rather than after the minutes that a training takes; the end checks it again.
  if (existsSync(out)) throw new ChorusError('already_exists', `--out ${out} exists already`);
  const clock = new RealClock();
  const startUs = clock.monotonicUs();
  const { interactions, heldOut } = heldBack(await readData(data, seed), holdOut);
  const settings = settingsFor(interactions);
  const checkpoint = await FolderCheckpoint.open(out, { interactions, settings, seed });
  await sayWhatIsKept(checkpoint);
  const bar = new TrainingBar();
  endOnSignals(bar, checkpoint);
  const threads = new KernelThreads(availableParallelism());
  running.add(threads);
  try {
    const model = await trainRecommender(interactions, settings, {
      seed,
      threads,
      clock,
      checkpoint,
      onProgress: (progress) => bar.show(progress),
      lineage: { held_out: heldOut },
    });
    // Among the stages until it is proved: a bundle that differs never lies where bundles are read.
    const folder = join(checkpoint.folder, version);
    await rm(folder, { recursive: true, force: true });
    const manifest = await writeBundle(model, { folder, createdMs: clock.nowMs() });
    const servingDifference = await prove(folder, model, interactions);
    await moveInto(out, folder);
    await checkpoint.remove();
    bar.stop();
    report(json, {
      bundle: `${manifest.mixture}/${manifest.version}`,
      ...manifest.metrics,
      ...manifest.lineage,
      serving_difference: servingDifference,
      bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
      seconds: Math.round((clock.monotonicUs() - startUs) / 1e5) / 10,
    });
  } finally {
    bar.stop();
    await threads.close();
  }
}

/** What training gets to see. MovieLens-100K is measured by its users' last items, so it goes without. */
function heldBack(interactions: Interactions, asked: HoldOut | undefined) {
  const usual = interactions.source === 'movielens-100k' ? 'last' : 'none';
  const heldOut = asked ?? usual;
  if (heldOut === 'none') return { interactions, heldOut };
  const said = 'learning nothing of each user’s last item (--hold-out none: of everything)';
  say(said);
  return { interactions: holdOutLast(interactions).training, heldOut };
}

async function sayWhatIsKept(checkpoint: FolderCheckpoint): Promise<void> {
  const [stages, others] = await Promise.all([checkpoint.stages(), checkpoint.others()]);
  if (stages.length > 0)
    say(`going on from what was kept of: ${stages.join(', ')} (${checkpoint.folder})`);
  if (others > 0) say(`not using what runs of other data, settings or seeds left beside it`);
}

function say(words: string): void {
  process.stderr.write(`train: ${words}\n`);
}

/** Ends with what the threads are at and says how to go on: what is finished is kept already. */
function endOnSignals(bar: TrainingBar, checkpoint: FolderCheckpoint): void {
  for (const [signal, number] of [['SIGINT', 2] as const, ['SIGTERM', 15] as const]) {
    process.once(signal, () => {
      endedBy = signal;
      bar.stop();
      const kept = `the same command goes on after the last finished stage (${checkpoint.folder})`;
      process.stderr.write(`\ntrain: ended by ${signal}; ${kept}\n`);
      const closes = Array.from(running, async (part) => await part.close());
      void Promise.allSettled(closes).then(() => process.exit(128 + number));
    });
  }
}

/** Serves the written bundle and holds it against the trained model. */
async function prove(
  folder: string,
  model: TrainedRecommender,
  interactions: Interactions,
): Promise<number> {
  const runner = openModelRunner(new RealClock());
  running.add(runner);
  try {
    return await proveBundle(await readBundleFolder(resolve(folder)), model, interactions, runner);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    await runner.close();
  }
}

async function moveInto(out: string, folder: string): Promise<void> {
  try {
    await rename(folder, out);
  } catch (cause) {
    const message = `cannot put the bundle at --out ${out}; it lies in ${folder}`;
    throw new ChorusError('already_exists', message, { cause });
  }
}

function readOptions(args: string[]): TrainOptions {
  const { data, out, seed, json, help, 'hold-out': holdOut } = parse(args);
  if (help === true) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  if (data === undefined) throw new UsageError('--data is missing');
  if (out === undefined) throw new UsageError('--out is missing');
  if (holdOut !== undefined && holdOut !== 'last' && holdOut !== 'none') {
    throw new UsageError(`--hold-out must be last or none, got "${holdOut}"`);
  }
  return { data, out, seed: seedOf(seed), holdOut, json: json === true };
}

function parse(args: string[]) {
  try {
    const options = {
      data: { type: 'string' },
      out: { type: 'string' },
      seed: { type: 'string' },
      'hold-out': { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
