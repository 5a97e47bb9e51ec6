import { parseArgs } from 'node:util';
import { describeMachine } from '../bench/ports/machine.ts';
import { brokenPromises } from './broken-promises.ts';
import { KillCluster } from './kill-cluster.ts';
import { type KillReport, type RunReport, runRow, tableHead, toMarkdown } from './kill-report.ts';
import { prepareModels } from './prepare-models.ts';
import { figuresBySecond, runFigures } from './run-figures.ts';
import { type ScenarioName, scenarios } from './scenarios.ts';
import { type Watched, type WatchSettings, watchRun } from './watch-run.ts';

const usage = `Kills processes of Chorus at work, and counts what callers see.

  npm run kills [-- --rate 500 --runs 10 --seconds 60 --scenario <names> --json]

  --rate      requests per second, whatever becomes of those before
  --runs      runs of each scenario
  --seconds   how long each run is watched
  --scenario  some of ${Object.keys(scenarios).join(',')}; all unless told
  --json      one JSON object on stdout, each run second by second (npm run --silent keeps npm's own lines away)

Exit code 1 when a promise to callers was broken.`;

/** Exit code of a command line that cannot be understood (sysexits: EX_USAGE). */
const exitUsage = 64;

/** A JVM and V8 spend their first seconds under load on compiling. */
const firstWarmUpMs = 20_000;

interface Options extends WatchSettings {
  readonly runs: number;
  readonly names: readonly ScenarioName[];
  readonly json: boolean;
}

await main();

async function main(): Promise<void> {
  const options = readOptions();
  if (options === undefined) return;
  const missing = KillCluster.whyMissing();
  if (missing !== undefined) fail(`this machine lacks servers: ${missing}`, 1);
  const report = await killAll(options);
  process.stdout.write(`${options.json ? JSON.stringify(report) : toMarkdown(report)}\n`);
  if (report.runs.some(({ broken }) => broken.length > 0)) process.exitCode = 1;
}

async function killAll({ names, runs, rate, seconds }: Options): Promise<KillReport> {
  say('Looking at the machine …');
  const machine = await describeMachine();
  const models = await prepareModels();
  const reports: RunReport[] = [];
  try {
    say(`Starting Kafka, PostgreSQL, Redis and Chorus with ${models.name} …`);
    const cluster = await KillCluster.start(models);
    try {
      for (const name of names) {
        say(`\n${name}: ${scenarios[name].title}\n${tableHead}`);
        for (let run = 1; run <= runs; run += 1) {
          // oxlint-disable-next-line no-await-in-loop -- two at once would disturb each other
          const watched = await watchRun(cluster, scenarios[name], {
            rate,
            seconds,
            // Only the first meets a broker and a gateway that have never run.
            warmUpMs: reports.length === 0 ? firstWarmUpMs : 0,
          });
          const report = reportOn(name, run, watched);
          reports.push(report);
          say(runRow(report));
        }
      }
    } finally {
      await cluster.stop();
    }
  } finally {
    await models.clear();
  }
  return { machine, bundle: models.name, rate, seconds, runs: reports };
}

function reportOn(scenario: ScenarioName, run: number, watched: Watched): RunReport {
  const figures = runFigures(watched);
  const broken = brokenPromises(scenario, figures);
  return { scenario, run, figures, broken, bySecond: figuresBySecond(watched) };
}

function readOptions(): Options | undefined {
  const options = {
    rate: { type: 'string', default: '500' },
    runs: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '60' },
    scenario: { type: 'string', default: Object.keys(scenarios).join(',') },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  try {
    const { rate, runs, seconds, scenario, json, help } = parseArgs({ options }).values;
    if (help) {
      process.stdout.write(`${usage}\n`);
      return undefined;
    }
    return {
      rate: positive('--rate', rate),
      runs: positive('--runs', runs),
      seconds: positive('--seconds', seconds),
      names: scenario.split(',').map(scenarioName),
      json,
    };
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, exitUsage);
  }
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new Error(`${option} is "${text}": expected a whole number of at least 1`);
  }
  return value;
}

function scenarioName(text: string): ScenarioName {
  const known = Object.keys(scenarios).find((name): name is ScenarioName => name === text);
  if (known === undefined) throw new Error(`--scenario: there is no "${text}"`);
  return known;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function fail(message: string, code: number): never {
  process.stderr.write(`kills: ${message}\n`);
  process.exit(code);
}
