import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { logger } from '../../services/platform/telemetry/logger.ts';
import { describeMachine } from './ports/machine.ts';
import { CaseMeasurer, type Windows } from './requests/measure-cases.ts';
import type { Part } from './requests/part.ts';
import { parts } from './requests/parts.ts';
import { RecommendLoad } from './requests/recommend-load.ts';
import { type PartResult, type RequestsResult, toMarkdown } from './requests/requests-report.ts';
import { type BenchWorld, openWorld } from './requests/world.ts';

const usage = `Measures what a request costs: CPU of the serving thread and of all processes, requests/s.

  npm run bench [-- --case <names>] [--quick] [--json] [--profile] [--workers N]
                [--bundle <folder>] [--data <folder>]

  --case     parts (${Object.keys(parts).join(', ')}) or
             lines of them, as embedded:hit or embedded:miss, by comma; all of them unless told
  --quick    3 repeats with short windows: to see that it runs
  --json     one JSON object on stdout: machine, versions, every sample (npm run --silent)
  --profile  afterwards a window of each line under the profiler, with its busiest functions
  --workers  worker processes of a distributed Chorus (2)
  --bundle   folder of another bundle than the one that ships
  --data     the data set that it was trained on, whose users ask; others are invented

The tables of test/bench/README.md go to stdout, progress to stderr. Exit code 1 when a line failed
because an answer was an error, degraded, or not as new or known as its request. A missed goal is
printed, it does not fail the command: figures of a busy machine prove nothing.`;

/** Exit code of a command line that cannot be understood (sysexits: EX_USAGE). */
const exitUsage = 64;
const full: Windows = { repeats: 5, warmUpMs: 4000, windowMs: 2500 };
const quick: Windows = { repeats: 3, warmUpMs: 1500, windowMs: 800 };

/** More of them would not all have their answers in a cache of the usual size. */
const mostUsers = 2000;

const clock = new RealClock();
logger.level = 'error';
await main();

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) return print(usage);
  const wanted = options.case?.split(',').map((name) => name.split(':'));
  const unknown = wanted?.filter(([part = '']) => parts[part] === undefined) ?? [];
  if (unknown.length > 0) fail(`--case: there is no ${unknown.join(', ')}`);
  const world = await openWorld(options.bundle, options.data);
  try {
    const result = await measureAll(world, options, wanted);
    print(options.json ? JSON.stringify(result) : toMarkdown(result));
    const { parts: measured } = result;
    const all = [...measured, ...measured.flatMap(({ cases }) => cases)];
    if (all.some(({ failed }) => failed !== undefined)) process.exitCode = 1;
  } finally {
    await world.clear();
  }
}

type Options = ReturnType<typeof readOptions>;

/** @param wanted parts and, where given, a line of them; undefined for everything. */
async function measureAll(
  world: BenchWorld,
  options: Options,
  wanted: readonly (readonly string[])[] | undefined,
): Promise<RequestsResult> {
  const startUs = clock.monotonicUs();
  const machine = await describeMachine();
  const results: PartResult[] = [];
  for (const [name, part] of Object.entries(parts)) {
    const lines = wanted?.filter(([of]) => of === name).map(([, line]) => line);
    if (lines?.length === 0) continue;
    const isWanted = (line: { readonly name: string }): boolean =>
      lines === undefined || lines.includes(undefined) || lines.includes(line.name);
    // oxlint-disable-next-line no-await-in-loop -- two at once would measure each other
    results.push(await measurePart(name, part, world, { ...options, isWanted }));
  }
  const { users, items } = world.interactions;
  return {
    machine,
    bundle: world.name,
    users: users.length,
    items: items.length,
    workers: Number(options.workers),
    repeats: windowsOf(options).repeats,
    isQuick: options.quick,
    seconds: (clock.monotonicUs() - startUs) / 1e6,
    parts: results,
  };
}

async function measurePart(
  name: string,
  part: Part,
  world: BenchWorld,
  options: Options & { isWanted: (line: { readonly name: string }) => boolean },
): Promise<PartResult> {
  const { title } = part;
  say(title);
  const skipped = part.whyMissing();
  if (skipped !== undefined) return { name, title, cases: [], goals: [], skipped };
  const load = new RecommendLoad();
  try {
    const { users, items } = world.interactions;
    const asked = { users: users.slice(0, mostUsers), items: items.map(({ id }) => id) };
    const windows = windowsOf(options);
    const profiles = options.profile
      ? await mkdtemp(join(tmpdir(), 'chorus-profiles-'))
      : undefined;
    const measurer = new CaseMeasurer({ load, world: asked, windows, say });
    const figures = await part.run({
      world,
      measurer,
      workers: Number(options.workers),
      repeats: windows.repeats,
      profiles,
      isWanted: options.isWanted,
      say,
    });
    return { name, title, ...figures, paces: measurer.paces };
  } catch (error) {
    // What the other parts gave is worth keeping.
    const failed = error instanceof Error ? error.message : String(error);
    return { name, title, cases: [], goals: [], failed };
  } finally {
    await load.close();
  }
}

function windowsOf(options: Options): Windows {
  return options.quick ? quick : full;
}

function readOptions() {
  const options = {
    case: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    workers: { type: 'string', default: '2' },
    bundle: { type: 'string' },
    data: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  try {
    const { values } = parseArgs({ options });
    if (!/^[1-9]\d?$/.test(values.workers)) fail('--workers: expected a number from 1 to 99');
    return values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function fail(reason: string): never {
  process.stderr.write(`${reason}\n\n${usage}\n`);
  process.exit(exitUsage);
}

function say(text: string): void {
  process.stderr.write(`  ${text}\n`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
