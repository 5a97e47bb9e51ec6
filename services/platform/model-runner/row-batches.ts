import { floatsOf, floatTensor } from '../../domain/tensor.ts';
import type { Clock } from '../clock/clock.ts';
import type { LoadedModel } from './model-runner.ts';

/** A model of one float32 input [batch, width] and one float32 output [batch, …]. */
export interface RowModel {
  readonly model: LoadedModel;
  /** Name of its input. */
  readonly input: string;
  readonly width: number;
}

/** How rows are gathered. */
export interface RowBatchesOptions {
  readonly clock: Clock;
  /** Most rows of one run. */
  readonly maxRows: number;
  /** Runs at once. */
  readonly capacity: number;
}

/**
 * Runs rows of many callers together: what arrives in one turn, or while the model is busy, is the
 * next batch. So nobody waits for company, and a hop to the thread serves all who are there.
 */
export class RowBatches {
  readonly #rowModel: RowModel;
  readonly #options: RowBatchesOptions;
  #waiting: Row[] = [];
  #running = 0;
  #isDue = false;

  constructor(rowModel: RowModel, options: RowBatchesOptions) {
    this.#rowModel = rowModel;
    this.#options = options;
  }

  /**
   * The model's output for one row; the caller's own.
   * @throws ChorusError as a run does; a batch that fails fails for all of its rows.
   */
  run(values: Float32Array): Promise<Float32Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Float32Array>();
    this.#waiting.push({ values, resolve, reject });
    if (!this.#isDue && this.#running < this.#options.capacity) {
      this.#isDue = true;
      this.#options.clock.nextTurn(() => {
        this.#isDue = false;
        this.#release();
      });
    }
    return promise;
  }

  #release(): void {
    const { capacity, maxRows } = this.#options;
    while (this.#running < capacity && this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, maxRows);
      this.#running += 1;
      void this.#run(batch).finally(() => {
        this.#running -= 1;
        this.#release();
      });
    }
  }

  async #run(batch: readonly Row[]): Promise<void> {
    const { model, input, width } = this.#rowModel;
    const joined = new Float32Array(batch.length * width);
    for (const [index, { values }] of batch.entries()) joined.set(values, index * width);
    try {
      const { outputs } = await model.run([floatTensor(input, [batch.length, width], joined)]);
      const all = outputs[0] === undefined ? new Float32Array(0) : floatsOf(outputs[0]);
      const length = all.length / batch.length;
      for (const [index, { resolve }] of batch.entries()) {
        resolve(all.subarray(index * length, (index + 1) * length));
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

interface Row {
  readonly values: Float32Array;
  readonly resolve: (output: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}
