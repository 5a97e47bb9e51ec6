import type { CaseResult, CaseMeasurer } from './measure-cases.ts';
import type { GoalResult } from './goals.ts';
import type { LoadCase } from './load-case.ts';
import { profileCase } from './profile-case.ts';
import type { BenchWorld } from './world.ts';

/** What a part is run with. */
export interface PartRun {
  readonly world: BenchWorld;
  readonly measurer: CaseMeasurer;
  /** Worker processes of a distributed Chorus. */
  readonly workers: number;
  readonly repeats: number;
  /** Where profiles go; undefined for none. */
  readonly profiles: string | undefined;
  /** Which lines were asked for. */
  readonly isWanted: (line: { readonly name: string }) => boolean;
  readonly say: (text: string) => void;
}

/** What a part gave. */
export interface PartFigures {
  readonly cases: readonly CaseResult[];
  readonly goals: readonly GoalResult[];
}

/** One part of the bench: one way to run Chorus, or one question. */
export interface Part {
  readonly title: string;
  /** What this machine lacks for it, in words. */
  whyMissing(): string | undefined;
  run(run: PartRun): Promise<PartFigures>;
}

/** Measures the lines that are wanted, and takes a profile of each if those are wanted too. */
export async function measureWanted(
  { measurer, isWanted, profiles, say }: PartRun,
  cases: readonly LoadCase[],
): Promise<readonly CaseResult[]> {
  const wanted = cases.filter(isWanted);
  const results = await measurer.measure(wanted);
  if (profiles === undefined) return results;
  for (const each of wanted) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await profileCase(each, () => measurer.runOnce(each), profiles, say);
  }
  return results;
}
