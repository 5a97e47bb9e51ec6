import type { Recommendation } from '../../../domain/recommendation.ts';
import type { AnswerDesk, AnswerLine } from '../answer-line.ts';
import { HeldAnswerer } from './held-answerer.ts';
import { becomes, questionOf } from './sample.ts';

/** One aggregator's desk and the way to it. */
export interface AnswerLineHarness {
  /** Not yet open. */
  readonly desk: AnswerDesk;
  /** A gateway's end, not yet open. */
  attachGateway(): AnswerLine | Promise<AnswerLine>;
  /** Ends whatever the ends' own `close` does not. */
  close(): Promise<void>;
}

/** A harness with an answerer behind its desk; everything that it starts, it ends. */
export class Rig {
  readonly desk: AnswerDesk;
  readonly answerer = new HeldAnswerer();
  readonly #harness: AnswerLineHarness;
  readonly #lines: AnswerLine[] = [];

  constructor(harness: AnswerLineHarness) {
    this.#harness = harness;
    this.desk = harness.desk;
  }

  /** A gateway's end, open. */
  async openLine(): Promise<AnswerLine> {
    const line = await this.#harness.attachGateway();
    this.#lines.push(line);
    await line.open();
    return line;
  }

  /** Opens both ends and waits until they know each other. */
  async connected(): Promise<AnswerLine> {
    await this.desk.open(this.answerer);
    const line = await this.openLine();
    await becomes(() => line.isConnected, true);
    return line;
  }

  /** Asks these, and waits until the answerer has them. */
  async askHeld(line: AnswerLine, ids: readonly string[]): Promise<Promise<Recommendation>[]> {
    this.answerer.isHeld = true;
    const asking = ids.map((id) => line.ask(questionOf(id), new AbortController().signal));
    for (const each of asking) each.catch(() => undefined);
    await becomes(() => ids.every((id) => this.answerer.askedIds.includes(id)), true);
    return asking;
  }

  async close(): Promise<void> {
    this.answerer.release();
    await Promise.all(this.#lines.map((line) => line.close()));
    await this.desk.close();
    await this.#harness.close();
  }
}
