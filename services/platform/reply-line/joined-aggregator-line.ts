import type { TaskKey } from '../../domain/task.ts';
import type { AggregatorLine, AggregatorListener } from './reply-line.ts';

/**
 * Several ends of the reply line as one, for an aggregator with workers beside it and in other
 * processes: each worker is on one of them, and a call about a worker that an end does not know
 * does nothing there.
 */
export class JoinedAggregatorLine implements AggregatorLine {
  readonly aggregatorId: string;
  readonly #lines: readonly AggregatorLine[];

  /** @param lines all with the same aggregator id: a task names one, wherever its worker is. */
  constructor(aggregatorId: string, lines: readonly AggregatorLine[]) {
    this.aggregatorId = aggregatorId;
    this.#lines = lines;
  }

  async open(listener: AggregatorListener): Promise<void> {
    await Promise.all(this.#lines.map((line) => line.open(listener)));
  }

  cancel(workerId: string, tasks: readonly TaskKey[]): void {
    for (const line of this.#lines) line.cancel(workerId, tasks);
  }

  async close(): Promise<void> {
    await Promise.all(this.#lines.map((line) => line.close()));
  }
}
