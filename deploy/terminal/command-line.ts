import { ChorusError } from '../../services/domain/errors.ts';

/** A figure that a command reports. */
export type Figure =
  | string
  | number
  | boolean
  | readonly (string | number)[]
  | readonly Readonly<Record<string, number>>[];

/** A command line that cannot be understood. */
export class UsageError extends Error {}

/** Exit code of a command line that cannot be understood (sysexits: EX_USAGE). */
const exitUsage = 64;
/** Exit code of a setting or an input that cannot be used (sysexits: EX_CONFIG). */
const exitConfig = 78;

/** A command's `--seed`. */
export function seedOf(text: string | undefined): number {
  const seed = Number(text ?? 1);
  if (Number.isInteger(seed) && seed >= 0 && seed <= 0x7f_ff_ff_ff && text !== '') return seed;
  throw new UsageError(`--seed must be a whole number from 0 to 2147483647, got "${text}"`);
}

/** Figures on stdout: one JSON object for programs, a line each for people. */
export function report(json: boolean, figures: Readonly<Record<string, Figure>>): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    return;
  }
  for (const [name, value] of Object.entries(figures)) {
    const parts = typeof value === 'object' ? value.map((part) => inWords(part)) : [`${value}`];
    const isTable = typeof value === 'object' && typeof value[0] === 'object';
    process.stdout.write(
      isTable
        ? `${name}\n${parts.map((part) => `  ${part}\n`).join('')}`
        : `${name.padEnd(24)} ${parts.join(' ')}\n`,
    );
  }
}

function inWords(part: string | number | Readonly<Record<string, number>>): string {
  if (typeof part !== 'object') return `${part}`;
  return Object.entries(part)
    .map(([name, value]) => `${name} ${value}`)
    .join('  ');
}

/** Says on stderr why a command ended. @returns its exit code. */
export function explainFailure(command: string, usage: string, error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${usage}\n`);
    return exitUsage;
  }
  const { code, message } = ChorusError.from(error);
  process.stderr.write(`${command}: ${message}\n`);
  return code === 'internal' || code === 'unavailable' || code === 'data_dir_in_use'
    ? 1
    : exitConfig;
}
