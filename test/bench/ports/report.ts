import type { Figure, Goal } from './bench.ts';
import type { Machine } from './machine.ts';

/** What one measurement gave, or why it gave nothing. */
export interface PortResult {
  readonly name: string;
  readonly title: string;
  /** Software by name, with its version. */
  readonly on: Readonly<Record<string, string>>;
  readonly figures: readonly Figure[];
  readonly skipped?: string;
}

/** Everything that a run found, as `--json` prints it. */
export interface BenchResult {
  readonly machine: Machine;
  readonly repeats: number;
  /** Short windows: to look at, not to keep. */
  readonly isQuick: boolean;
  readonly seconds: number;
  readonly ports: readonly PortResult[];
}

/** The result as Markdown: the machine in a sentence, and a table for each port. */
export function toMarkdown({ machine, repeats, isQuick, seconds, ports }: BenchResult): string {
  const { processor, cores, memoryGiB, kernel, fileSystem, busyCores, versions } = machine;
  const warning = isQuick ? ' **A quick run: its windows are too short for figures to keep.**' : '';
  const where =
    `${processor}, ${cores} cores, ${memoryGiB} GiB, ${kernel}, ${fileSystem}, Node ${versions['Node']}. ` +
    `Each figure is the median of ${repeats} repeats; the whole run took ${Math.round(seconds)} s. ` +
    `In the second before it, others kept ${busyCores.toFixed(1)} of the ${cores} cores busy.${warning}`;
  return [where, ...ports.map(portToMarkdown)].join('\n\n');
}

function portToMarkdown({ title, on, figures, skipped }: PortResult): string {
  const software = Object.entries(on).map(([name, version]) => `${name} ${version}`);
  const head = `**${title}** (${software.join(', ')})`;
  if (skipped !== undefined) return `${head}\n\nskipped: ${skipped}`;
  const rows = figures.map(
    (figure) =>
      `| ${figure.what} | ${withUnit(figure.median, figure.unit)} | ${shown(figure.min)} – ${shown(figure.max)} | ${goalOf(figure)} |`,
  );
  return [head, '', '| | median | lowest – highest | goal |', '|---|--:|--:|---|', ...rows].join(
    '\n',
  );
}

/** The result for people at a terminal. */
export function toText({ ports }: BenchResult): string {
  return ports.map(portToText).join('\n\n');
}

function portToText({ title, figures, skipped }: PortResult): string {
  const widest = Math.max(...figures.map(({ what }) => what.length), 0);
  const lines = figures.map((figure) => {
    const spread = `${shown(figure.min)} – ${shown(figure.max)}`;
    const value = withUnit(figure.median, figure.unit);
    return `  ${figure.what.padEnd(widest)}  ${value.padEnd(18)} ${spread.padEnd(20)} ${goalOf(figure)}`.trimEnd();
  });
  return [title, ...(skipped === undefined ? lines : [`  skipped: ${skipped}`])].join('\n');
}

function goalOf({ goal, unit }: Figure): string {
  if (goal === undefined) return '';
  return `${sign(goal)} ${withUnit(goal.value, unit)}: ${goal.isMet ? 'met' : '**MISSED**'}`;
}

function sign({ kind }: Goal): string {
  return kind === 'at most' ? '≤' : '≥';
}

function withUnit(value: number, unit: string): string {
  return unit === '' ? shown(value) : `${shown(value)} ${unit}`;
}

/** Three digits that mean something. */
function shown(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}
