import type { Machine } from '../bench/ports/machine.ts';
import type { Tally } from './load.ts';
import type { RunFigures, SecondFigures } from './run-figures.ts';
import { type ScenarioName, scenarios } from './scenarios.ts';
import { budgetMs } from './watch-run.ts';

/** One run of one scenario. */
export interface RunReport {
  readonly scenario: ScenarioName;
  /** From 1. */
  readonly run: number;
  readonly figures: RunFigures;
  /** What it broke of the promises to callers; nothing when all held. */
  readonly broken: readonly string[];
  readonly bySecond: readonly SecondFigures[];
}

/** All that `npm run kills` found out. */
export interface KillReport {
  readonly machine: Machine;
  readonly bundle: string;
  readonly rate: number;
  readonly seconds: number;
  readonly runs: readonly RunReport[];
}

const columns: readonly [string, (report: RunReport) => string][] = [
  ['run', ({ run }) => `${run}`],
  ['requests', ({ figures }) => `${figures.requests}`],
  ['ok', ({ figures }) => `${figures.ok}`],
  ['degraded', ({ figures }) => `${figures.degraded}`],
  ['errors', ({ figures }) => shownErrors(figures.errors)],
  ['late', ({ figures }) => `${figures.late}`],
  ['longest', ({ figures }) => ms(figures.longestMs)],
  ['P50', ({ figures }) => ms(figures.p50Ms)],
  ['P99', ({ figures }) => ms(figures.p99Ms)],
  ['P99 at the kill', ({ figures }) => ms(figures.killP99Ms)],
  ['P99 at the return', ({ figures }) => ms(figures.returnP99Ms)],
  ['full again after', ({ figures }) => ms(figures.fullAgainMs)],
  ['not full later', ({ figures }) => `${figures.notFullLater}`],
  ['sent again', ({ figures }) => `${figures.redispatches}`],
  ['load stalled', ({ figures }) => ms(figures.longestStallMs)],
  ['promises', ({ broken }) => (broken.length === 0 ? 'kept' : broken.join(', '))],
];

/** The head of a table of runs. */
export const tableHead = [columns.map(([name]) => name), columns.map(() => '---')]
  .map(asRow)
  .join('\n');

/** A run as a row of that table. */
export function runRow(report: RunReport): string {
  return asRow(columns.map(([, show]) => show(report)));
}

/** The tables of test/README.md. */
export function toMarkdown({ machine, bundle, rate, seconds, runs }: KillReport): string {
  const { processor, cores, memoryGiB, kernel, busyCores, versions } = machine;
  const shown = ['Node', 'Apache Kafka', 'Java', 'PostgreSQL', 'Redis']
    .map((name) => `${name} ${versions[name] ?? ''}`)
    .join(', ');
  const head = [
    `${processor}, ${cores} cores (${busyCores.toFixed(1)} busy with other things before), ${memoryGiB} GiB, ${kernel}; ${shown}.`,
    `${rate} requests/s for ${seconds} s, each with a budget of ${budgetMs} ms; bundle ${bundle}. Times in ms.`,
  ].join('\n');
  const names = [...new Set(runs.map(({ scenario }) => scenario))];
  const tables = names.map((name) => {
    const own = runs.filter(({ scenario }) => scenario === name);
    const kept = own.filter(({ broken }) => broken.length === 0).length;
    const title = `#### ${name}: ${scenarios[name].title}`;
    const verdict = `The promises held in ${kept} of ${own.length} runs.`;
    return [title, '', verdict, '', tableHead, ...own.map(runRow)].join('\n');
  });
  return [head, ...tables].join('\n\n');
}

function shownErrors(errors: Tally): string {
  const shown = Object.entries(errors).map(([code, count]) => `${count} ${code}`);
  return shown.length === 0 ? '0' : shown.join(', ');
}

function ms(value: number): string {
  if (!Number.isFinite(value)) return 'never';
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

function asRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
