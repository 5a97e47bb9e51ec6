import { RealClock } from '../../clock/real-clock.ts';
import type { AggregatorLine, WorkerLine } from '../reply-line.ts';
import {
  aggregatorEars,
  becomes,
  type HeardByAggregator,
  type HeardByWorker,
  presenceOf,
  replyOf,
  workerEars,
} from './sample.ts';

/** One aggregator's end, and what a test does to the way between it and its workers. */
export interface ReplyLineHarness {
  /** Not yet open. */
  readonly aggregator: AggregatorLine;
  /** A worker's end, not yet open. */
  attachWorker(workerId: string): WorkerLine | Promise<WorkerLine>;
  /** Breaks this worker's connection once. */
  sever(workerId: string): void;
  /** The aggregator takes nothing in until `resume`. */
  stall(): void;
  resume(): void;
  /** Ends whatever the ends' own `close` does not. */
  close(): Promise<void>;
}

/** A harness with ears on both sides; everything that it starts, it ends. */
export class Rig {
  readonly harness: ReplyLineHarness;
  readonly aggregator: AggregatorLine;
  /** What the aggregator heard. */
  readonly heard: HeardByAggregator = aggregatorEars();
  readonly #workers: WorkerLine[] = [];

  constructor(harness: ReplyLineHarness) {
    this.harness = harness;
    this.aggregator = harness.aggregator;
  }

  /** An open worker's end that has not announced anything. */
  async openWorker(workerId: string): Promise<[WorkerLine, HeardByWorker]> {
    const worker = await this.harness.attachWorker(workerId);
    this.#workers.push(worker);
    const ears = workerEars();
    await worker.open(ears);
    return [worker, ears];
  }

  async startWorker(workerId: string): Promise<[WorkerLine, HeardByWorker]> {
    const pair = await this.openWorker(workerId);
    pair[0].announce(presenceOf(workerId));
    return pair;
  }

  /** Opens the aggregator and one worker, and waits until they know each other. */
  async connected(workerId = 'w1'): Promise<[WorkerLine, HeardByWorker]> {
    await this.aggregator.open(this.heard);
    const pair = await this.startWorker(workerId);
    await becomes(() => this.heard.presences.length, 1);
    return pair;
  }

  /** Sends small replies with these request ids. */
  sendAll(worker: WorkerLine, ids: readonly string[]): void {
    for (const id of ids) worker.send(this.aggregator.aggregatorId, replyOf(id));
  }

  async close(): Promise<void> {
    this.harness.resume();
    await Promise.all(this.#workers.map((worker) => worker.close()));
    await this.aggregator.close();
    await this.harness.close();
  }
}

/** Lets some event-loop turns pass. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one turn after the other
    await new Promise((resolve) => new RealClock().nextTurn(() => resolve(undefined)));
  }
}
