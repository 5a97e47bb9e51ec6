import { SingleBar } from 'cli-progress';
import type { Clock } from '../../services/platform/clock/clock.ts';

/** A line at most this often where there is no terminal to draw on, in µs. */
const lineEveryUs = 1_000_000;

/**
 * How far a command is, with rate and time left, on stderr so that stdout stays the result's: a
 * bar on a terminal, else a line now and then.
 */
export class ProgressLine {
  readonly #clock: Clock;
  readonly #total: number;
  readonly #unit: string;
  readonly #startUs: number;
  readonly #bar: SingleBar | undefined;
  #saidUs = -Infinity;

  /** @param unit what is counted, in words: `rows`. */
  constructor(clock: Clock, total: number, unit: string) {
    this.#clock = clock;
    this.#total = total;
    this.#unit = unit;
    this.#startUs = clock.monotonicUs();
    if (!process.stderr.isTTY) return;
    const format = '{bar} {line}';
    this.#bar = new SingleBar({ format, hideCursor: true, stream: process.stderr });
    this.#bar.start(total, 0, { line: '' });
  }

  /** @param done of the total. */
  show(what: string, done: number): void {
    const nowUs = this.#clock.monotonicUs();
    const perSecond = done / Math.max(1e-6, (nowUs - this.#startUs) / 1e6);
    const secondsLeft = perSecond > 0 ? (this.#total - done) / perSecond : 0;
    const line = `${what}: ${done} of ${this.#total} ${this.#unit}, ${Math.round(perSecond)} ${this.#unit}/s, ${Math.round(secondsLeft)} s left`;
    if (this.#bar !== undefined) this.#bar.update(done, { line });
    else if (nowUs - this.#saidUs > lineEveryUs || done === this.#total) {
      this.#saidUs = nowUs;
      process.stderr.write(`${line}\n`);
    }
  }

  /** Gives the terminal back. Harmless twice. */
  stop(): void {
    this.#bar?.stop();
  }
}
