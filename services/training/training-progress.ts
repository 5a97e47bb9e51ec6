import { type Clock } from '../platform/clock/clock.ts';

/** How far a training run is. */
export interface TrainingProgress {
  /** What it does now: `base 1`, `experts`, `head`, … */
  readonly stage: string;
  /** Work done and work in all, in millions of multiplications (estimated). */
  readonly done: number;
  readonly total: number;
  /** 0 at the first report, which nothing can be compared with. */
  readonly perSecond: number;
  /** Infinity while the rate is 0. */
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
  readonly #total: number;
  #done = 0;
  /** Done before the rate was measured: by an earlier run, or while threads and engine started. */
  #before = 0;
  #startUs: number | undefined;

  constructor(
    clock: Clock,
    stages: readonly PlannedStage[],
    listener: (progress: TrainingProgress) => void,
  ) {
    this.#clock = clock;
    this.#stages = new Map(stages.map((stage) => [stage.name, stage]));
    this.#listener = listener;
    this.#total = stages.reduce((sum, { cost }) => sum + cost, 0);
  }

  /** What a stage reports its rows to. */
  rowsOf(stage: string): (rows: number) => void {
    const costOfRow = this.#costOfRow(stage);
    return (rows) => {
      this.#done += rows * costOfRow;
      if (this.#startUs === undefined) {
        this.#startUs = this.#clock.monotonicUs();
        this.#before = this.#done;
      }
      this.#listener(this.#now(stage));
    };
  }

  /** Counts rows of a stage as done by an earlier run; all of them unless told. */
  inherit(stage: string, rows = this.#stages.get(stage)?.rows ?? 0): void {
    const cost = rows * this.#costOfRow(stage);
    this.#done += cost;
    this.#before += cost;
  }

  #costOfRow(stage: string): number {
    const planned = this.#stages.get(stage);
    return planned === undefined ? 0 : planned.cost / planned.rows;
  }

  #now(stage: string): TrainingProgress {
    const nowUs = this.#clock.monotonicUs();
    const seconds = Math.max(1e-6, (nowUs - (this.#startUs ?? nowUs)) / 1e6);
    const perSecond = (this.#done - this.#before) / seconds;
    const left = Math.max(0, this.#total - this.#done);
    const secondsLeft = perSecond > 0 ? left / perSecond : Infinity;
    return { stage, done: this.#done, total: this.#total, perSecond, secondsLeft };
  }
}
