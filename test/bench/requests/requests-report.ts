import type { Machine } from '../ports/machine.ts';
import { median } from '../ports/statistics.ts';
import { figureColumns, type FigureColumn } from './figure-columns.ts';
import { type GoalResult, isMet } from './goals.ts';
import type { CaseResult } from './measure-cases.ts';

/** What one part gave, or why it gave nothing. */
export interface PartResult {
  readonly name: string;
  readonly title: string;
  readonly cases: readonly CaseResult[];
  readonly goals: readonly GoalResult[];
  /** How fast the machine was meanwhile, see `paceNs`; none where no line was measured. */
  readonly paces?: readonly number[];
  readonly skipped?: string;
  /** Why it broke off. */
  readonly failed?: string;
}

/** Everything that a run found, as `--json` prints it. */
export interface RequestsResult {
  readonly machine: Machine;
  /** Which bundle was served. */
  readonly bundle: string;
  readonly users: number;
  readonly items: number;
  /** Worker processes of a distributed Chorus. */
  readonly workers: number;
  readonly repeats: number;
  readonly isQuick: boolean;
  readonly seconds: number;
  readonly parts: readonly PartResult[];
}

/** The result as Markdown: where it comes from in a sentence, then the tables of each part. */
export function toMarkdown(result: RequestsResult): string {
  const { machine, bundle, users, items, workers, repeats, isQuick, seconds, parts } = result;
  const { processor, cores, memoryGiB, kernel, fileSystem, busyCores, versions } = machine;
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const warning = isQuick ? ' **A quick run: its windows are too short for figures to keep.**' : '';
  const where =
    `${processor}, ${cores} cores, ${memoryGiB} GiB, ${kernel}, ${fileSystem}; ${software.join(', ')}. ` +
    `Bundle ${bundle}, ${users} users, ${items} items, ${workers} worker processes where distributed. ` +
    `Each figure is the median of ${repeats} repeats (lowest – highest); the run took ${Math.round(seconds)} s. ` +
    `In the second before it, others kept ${busyCores.toFixed(1)} of the ${cores} cores busy.${warning}`;
  return [where, ...parts.map(partToMarkdown)].join('\n\n');
}

function partToMarkdown({
  title,
  cases,
  goals,
  paces = [],
  skipped,
  failed: broken,
}: PartResult): string {
  const blocks = [`**${title}**`];
  if (skipped !== undefined) blocks.push(`skipped: ${skipped}`);
  if (broken !== undefined) blocks.push(`**FAILED**: ${broken}`);
  if (cases.some(({ readings }) => readings.length > 0)) blocks.push(casesToMarkdown(cases));
  for (const { title: line, failed } of cases) {
    if (failed !== undefined) blocks.push(`**FAILED**: ${line}: ${failed}`);
  }
  if (goals.length > 0) blocks.push(goalsToMarkdown(goals));
  if (paces.length > 0) {
    blocks.push(`Hashing a KiB (SHA-256) took ${middle(paces)} ns of CPU${spread(paces)}.`);
  }
  return blocks.join('\n\n');
}

function casesToMarkdown(cases: readonly CaseResult[]): string {
  const columns = columnsOf(cases);
  const rows = cases
    .filter(({ readings }) => readings.length > 0)
    .map(({ title, readings }) => {
      const cells = columns.map(({ figure, hasSpread }) => {
        const samples = readings.flatMap((reading) => reading[figure] ?? []);
        return samples.length === 0 ? '' : middle(samples) + (hasSpread ? spread(samples) : '');
      });
      return `| ${title} | ${cells.join(' | ')} |`;
    });
  const heads = columns.map(({ title }) => title);
  return [`| | ${heads.join(' | ')} |`, `|---|${'--:|'.repeat(columns.length)}`, ...rows].join(
    '\n',
  );
}

/** Those that have a figure: the known ones, and after the sum a column for each process. */
function columnsOf(cases: readonly CaseResult[]): readonly FigureColumn[] {
  const named = new Set(
    cases.flatMap(({ readings }) => readings.flatMap((reading) => Object.keys(reading))),
  );
  const known = new Set(figureColumns.map(({ figure }) => figure));
  const members = [...named]
    .filter((figure) => figure.endsWith(', µs') && !known.has(figure))
    .map((figure) => ({ figure, title: figure, hasSpread: false }));
  const columns = figureColumns.filter(({ figure }) => named.has(figure));
  return columns.toSpliced(
    columns.findIndex(({ figure }) => figure === 'allUs') + 1,
    0,
    ...members,
  );
}

function goalsToMarkdown(goals: readonly GoalResult[]): string {
  const rows = goals.map((goal) => {
    const { what, unit, samples } = goal;
    const range = `${shown(Math.min(...samples))} – ${shown(Math.max(...samples))}`;
    return `| ${what} | ${middle(samples)} ${unit} | ${range} | ${said(goal)} |`;
  });
  return ['| | median | lowest – highest | goal |', '|---|--:|--:|---|', ...rows].join('\n');
}

function said(goal: GoalResult): string {
  if (goal.atMost === undefined) return '';
  return `≤ ${shown(goal.atMost)} ${goal.unit}: ${isMet(goal) ? 'met' : '**MISSED**'}`;
}

function middle(samples: readonly number[]): string {
  return shown(median(samples));
}

function spread(samples: readonly number[]): string {
  return ` (${shown(Math.min(...samples))} – ${shown(Math.max(...samples))})`;
}

/** Three digits that mean something. */
function shown(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}
