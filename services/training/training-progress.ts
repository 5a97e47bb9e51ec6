import { type Clock } from '../platform/clock/clock.ts';

/** How far a training run is. */
export interface TrainingProgress {
  /** What it does now: `base 1`, `experts`, `head`, … */
  readonly stage: string;
  /** Work done and work in all, in millions of multiplications (estimated). */
  readonly done: number;
  readonly total: number;
  readonly perSecond: number;
  readonly secondsLeft: number;
}

/** A stage of a run and what it is expected to cost. */
export interface PlannedStage {
  readonly name: string;
  /** Rows that its threads will report. */
  readonly rows: number;
  /** Millions of multiplications, all rows together. */
  readonly cost: number;
}

/** Turns rows done into rate and time left. */
export class ProgressMeter {
  readonly #clock: Clock;
  readonly #stages: ReadonlyMap<string, PlannedStage>;
  readonly #listener: (progress: TrainingProgress) => void;
  readonly #startUs: number;
  #done = 0;

  constructor(
    clock: Clock,
    stages: readonly PlannedStage[],
    listener: (progress: TrainingProgress) => void,
  ) {
    this.#clock = clock;
    this.#stages = new Map(stages.map((stage) => [stage.name, stage]));
    this.#listener = listener;
    this.#startUs = clock.monotonicUs();
  }

  /** What a stage reports its rows to. */
  rowsOf(stage: string): (rows: number) => void {
    const planned = this.#stages.get(stage);
    const costOfRow = planned === undefined ? 0 : planned.cost / planned.rows;
    return (rows) => {
      this.#done += rows * costOfRow;
      this.#listener(this.#now(stage));
    };
  }

  #now(stage: string): TrainingProgress {
    const seconds = Math.max(1e-6, (this.#clock.monotonicUs() - this.#startUs) / 1e6);
    const total = [...this.#stages.values()].reduce((sum, { cost }) => sum + cost, 0);
    const perSecond = this.#done / seconds;
    const secondsLeft = perSecond > 0 ? Math.max(0, total - this.#done) / perSecond : 0;
    return { stage, done: this.#done, total, perSecond, secondsLeft };
  }
}
