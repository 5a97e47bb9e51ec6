import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { type Measurement, repeats } from './ports/bench.ts';
import { describeMachine, type Machine } from './ports/machine.ts';
import type { Measurer } from './ports/measure-process.ts';
import { measurements } from './ports/measurements.ts';
import { Peer } from './ports/peer.ts';
import { type BenchResult, type PortResult, toMarkdown, toText } from './ports/report.ts';

const usage = `Measures the ports on their real servers: CPU, latency, throughput, each against its goal.

  npm run bench:ports [-- --only <names>] [--json | --markdown] [--quick]

  --only      some of ${Object.keys(measurements).join(',')}
  --json      one JSON object on stdout (npm run --silent keeps npm's own lines away)
  --markdown  the tables of test/bench/README.md on stdout
  --quick     windows of a tenth of their length: to see that it runs`;

/** Exit code of a command line that cannot be understood (sysexits: EX_USAGE). */
const exitUsage = 64;

await main();

async function main(): Promise<void> {
  const { only, quick, json, markdown, help } = readOptions();
  if (help) return print(usage);
  const names = only === undefined ? Object.keys(measurements) : only.split(',');
  const unknown = names.filter((name) => measurements[name] === undefined);
  if (unknown.length > 0) fail(`--only: there is no ${unknown.join(', ')}`);
  const result = await measureAll(names, quick);
  if (json) print(JSON.stringify(result));
  else print(markdown ? toMarkdown(result) : toText(result));
}

async function measureAll(names: readonly string[], isQuick: boolean): Promise<BenchResult> {
  const clock = new RealClock();
  const startUs = clock.monotonicUs();
  const machine = await describeMachine();
  const ports: PortResult[] = [];
  for (const [name, load] of Object.entries(measurements)) {
    // oxlint-disable-next-line no-await-in-loop -- two at once would measure each other
    if (names.includes(name)) ports.push(await measure(name, await load(), machine, isQuick));
  }
  const seconds = (clock.monotonicUs() - startUs) / 1e6;
  return { machine, repeats, isQuick, seconds, ports };
}

async function measure(
  name: string,
  measurement: Measurement,
  { versions }: Machine,
  isQuick: boolean,
): Promise<PortResult> {
  const { title, runsOn, onOneCore = false } = measurement;
  process.stderr.write(`${title}\n`);
  const on = Object.fromEntries(runsOn.map((each) => [each, versions[each] ?? '']));
  const skipped = measurement.whyMissing();
  if (skipped !== undefined) return { name, title, on, figures: [], skipped };
  const file = new URL('ports/measure-process.ts', import.meta.url);
  const measurer = new Peer<Measurer>(file, onOneCore ? availableParallelism() - 1 : undefined);
  try {
    return { name, title, on, figures: await measurer.ask('measure', { name, isQuick }) };
  } finally {
    await measurer.stop();
  }
}

function readOptions() {
  const options = {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function fail(reason: string): never {
  process.stderr.write(`${reason}\n\n${usage}\n`);
  process.exit(exitUsage);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
