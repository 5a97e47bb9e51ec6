import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Manifest } from '../../services/domain/bundle.ts';
import type { QualityTally } from '../../services/evaluation/quality-tally.ts';
import { ScoreFile } from '../../services/evaluation/score-file.ts';
import { evaluateBundle, evaluatePopularity } from '../../services/flows/evaluate-bundle.ts';
import {
  type EvaluationSet,
  openEvaluationSet,
  rankedRows,
} from '../../services/flows/evaluation-set.ts';
import { leaksOf, matchCatalogue } from '../../services/flows/match-catalogue.ts';
import { DirectScorer } from '../../services/flows/score-directly.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { openModelRunner } from '../../services/platform/open-model-runner.ts';
import { readBundleFolder } from '../../services/registry/bundle-folder.ts';
import type { Interactions } from '../../services/training/data/interactions.ts';
import { readData } from '../../services/training/data/read-data.ts';
import { syntheticWorld } from '../../services/training/data/synthetic-world.ts';
import { KernelThreads } from '../../services/training/threads/kernel-threads.ts';
import { compareWithReference } from '../evaluation/compare-with-reference.ts';
import { baselineFigures, servedFigures } from '../evaluation/evaluation-figures.ts';
import { measureRandomTies } from '../evaluation/measure-random-ties.ts';
import {
  explainFailure,
  type Figure,
  report,
  seedOf,
  UsageError,
} from '../terminal/command-line.ts';
import { ProgressLine } from '../terminal/progress-line.ts';

const usage = `Measures a bundle through the serving path's own classes.

  npm run evaluate -- --bundle <folder> --data <folder | synthetic> [--scores FILE] [--targets FILE]
                      [--reference ials | none] [--random-ties N] [--seed N] [--json]

  --bundle       the bundle's folder
  --data         the data it was trained on. MovieLens-1M: the held-out items are in test.tsv, else in
                 validation.tsv. Data with times: each user's last item is held out
  --targets      another file of held-out items: "user item negatives"
  --scores       writes "user item score" (by tabs, no header) of every candidate that was ranked:
                 the held-out item and its negatives, or the whole catalogue for data with times
  --reference    none: fit no iALS to compare with (ials)
  --random-ties  where last items share their time: orders of those ties to train and measure (3)
  --seed         of drawn negatives, resampled users, the reference and ties, 0 to 2147483647 (1)
  --json         one JSON object with the figures on stdout`;

/** What the command line asks for. */
interface EvaluateOptions {
  readonly bundle: string;
  readonly data: string;
  readonly targets: string | undefined;
  readonly scores: string | undefined;
  readonly reference: 'ials' | 'none';
  readonly randomTies: number;
  readonly seed: number;
  readonly json: boolean;
}

/** Numbers of experts whose quality is measured apart, where the bundle has so many. */
const ladder = [0, 1, 2, 3, 4, 8];

const clock = new RealClock();

try {
  await evaluate(readOptions(process.argv.slice(2)));
} catch (error) {
  process.exitCode = explainFailure('evaluate', usage, error);
}

async function evaluate(options: EvaluateOptions): Promise<void> {
  const startUs = clock.monotonicUs();
  const contents = await readBundleFolder(resolve(options.bundle));
  const { manifest } = contents;
  const runner = openModelRunner(clock, availableParallelism());
  const threads = new KernelThreads(availableParallelism());
  try {
    const scorer = await DirectScorer.open(contents, runner);
    const data = await readDataOf(manifest, options.data, options.seed);
    const interactions = matchCatalogue(data, scorer.bundle, manifest);
    const set = await openEvaluationSet(interactions, options.data, options.targets, options.seed);
    const leaks = leaksOf(set, manifest);
    for (const leak of leaks) process.stderr.write(`WARNING: figures too good, ${leak}\n`);
    const run = { seed: options.seed, threads, clock };
    const { served, figures } = await measureServed(scorer, set, options.scores);
    await scorer.close();
    report(options.json, {
      bundle: `${manifest.mixture}/${manifest.version}`,
      data: interactions.source,
      held_out: set.protocol,
      users: set.cases.length,
      ...figures,
      leaked: leaks.length > 0,
      ...baselineFigures('popularity', evaluatePopularity(set).quality),
      ...(options.reference === 'ials' && (await compareWithReference(served, set, run))),
      ...(await measureRandomTies(interactions, options.randomTies, run, runner)),
      seconds: Math.round((clock.monotonicUs() - startUs) / 1e5) / 10,
    });
  } finally {
    await threads.close();
    await runner.close();
  }
}

/** The synthetic world has the size and the seed that the bundle was trained with. */
async function readDataOf(
  { lineage }: Manifest,
  source: string,
  seed: number,
): Promise<Interactions> {
  if (source !== 'synthetic' || lineage['data'] !== 'synthetic') return readData(source, seed);
  return syntheticWorld({
    seed: Number(lineage['seed']),
    items: Number(lineage['items']),
    users: Number(lineage['users']),
  });
}

async function measureServed(
  scorer: DirectScorer,
  set: EvaluationSet,
  scoresPath: string | undefined,
): Promise<{ served: QualityTally; figures: Record<string, Figure> }> {
  const file = scoresPath === undefined ? undefined : new ScoreFile(resolve(scoresPath));
  const progress = new ProgressLine(clock, set.cases.length, 'users');
  const idOf = (row: number): string => set.training.items[row]?.id ?? '';
  try {
    const evaluation = await evaluateBundle(scorer, set, {
      rungs: ladder.filter((k) => k <= scorer.bundle.experts.length),
      onUsers: (done) => progress.show('answering', done),
      ...(file !== undefined && {
        onScores: async (asked, scores) => {
          const rows = rankedRows(set, asked);
          const ranked = Array.from(rows, (row) => ({
            item: idOf(row),
            score: scores[row] ?? NaN,
          }));
          await file.write(asked.user, ranked);
        },
      }),
    });
    return { served: evaluation.served, figures: servedFigures(evaluation) };
  } finally {
    progress.stop();
    await file?.close();
  }
}

function readOptions(args: string[]): EvaluateOptions {
  const { bundle, data, targets, scores, reference, seed, json, help, ...rest } = parse(args);
  if (help === true) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  if (bundle === undefined) throw new UsageError('--bundle is missing');
  if (data === undefined) throw new UsageError('--data is missing');
  if (reference !== undefined && reference !== 'ials' && reference !== 'none') {
    throw new UsageError(`--reference must be ials or none, got "${reference}"`);
  }
  const randomTies = Number(rest['random-ties'] ?? 3);
  if (!Number.isInteger(randomTies) || randomTies < 0 || randomTies > 100) {
    throw new UsageError(`--random-ties must be 0 to 100, got "${rest['random-ties']}"`);
  }
  return {
    bundle,
    data,
    targets,
    scores,
    reference: reference ?? 'ials',
    randomTies,
    seed: seedOf(seed),
    json: json === true,
  };
}

function parse(args: string[]) {
  try {
    const options = {
      bundle: { type: 'string' },
      data: { type: 'string' },
      targets: { type: 'string' },
      scores: { type: 'string' },
      reference: { type: 'string' },
      'random-ties': { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
