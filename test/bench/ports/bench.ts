import { median } from './statistics.ts';

/** What a figure must reach. */
export interface Goal {
  readonly kind: 'at most' | 'at least';
  readonly value: number;
}

/** One line of the result: what was measured and how far the repeats lie apart. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** One value for each repeat, in their order. */
  readonly samples: readonly number[];
  readonly goal?: Goal & { readonly isMet: boolean };
}

/** Repeats of everything. */
export const repeats = 5;

/** How short a quick run is; its figures are to look at, not to keep. */
const quickShare = 0.1;

/** A goal that lies below. */
export function atMost(value: number): Goal {
  return { kind: 'at most', value };
}

/** A goal that lies above. */
export function atLeast(value: number): Goal {
  return { kind: 'at least', value };
}

/** What a measurement measures with: repeats, the length of a window, and where figures go. */
export class Bench {
  readonly figures: Figure[] = [];
  readonly #isQuick: boolean;

  constructor(isQuick: boolean) {
    this.#isQuick = isQuick;
  }

  /** The length of a warm-up or a window, in ms: as given, or a tenth in a quick run. */
  lasting(fullMs: number): number {
    return this.#isQuick ? fullMs * quickShare : fullMs;
  }

  /** Measures again and again; gives the values of each reading by its name. */
  async repeat<Name extends string>(
    label: string,
    measure: () => Promise<Readonly<Record<Name, number>>>,
  ): Promise<(name: Name) => readonly number[]> {
    const readings: Readonly<Record<Name, number>>[] = [];
    while (readings.length < repeats) {
      this.say(`${label} (${readings.length + 1} of ${repeats})`);
      // oxlint-disable-next-line no-await-in-loop -- two at once would measure each other
      readings.push(await measure());
    }
    return (name) => readings.map((reading) => reading[name]);
  }

  /** Adds a line to the result. */
  add(what: string, unit: string, samples: readonly number[], goal?: Goal): void {
    const middle = median(samples);
    const figure = { what, unit, samples, min: Math.min(...samples), max: Math.max(...samples) };
    const isMet = goal?.kind === 'at least' ? middle >= goal.value : middle <= (goal?.value ?? 0);
    this.figures.push({ ...figure, median: middle, ...(goal && { goal: { ...goal, isMet } }) });
  }

  /** Says on stderr what goes on. */
  say(text: string): void {
    process.stderr.write(`  ${text}\n`);
  }
}

/** One part of the bench: a port on one of its adapters. */
export interface Measurement {
  readonly title: string;
  /** Names in `versions.ts` of what it runs on. */
  readonly runsOn: readonly string[];
  /** Whether all of it must share one core. */
  readonly onOneCore?: boolean;
  /** What this machine lacks for it, in words. */
  whyMissing(): string | undefined;
  run(bench: Bench): Promise<void>;
}
