import { SingleBar } from 'cli-progress';
import type { TrainingProgress } from '../../services/training/training-progress.ts';

/** Without a terminal: a line at each stage, and at each further tenth of the whole. */
const steps = 10;

/** How far a training is, on stderr so that stdout stays the result's: a bar on a terminal, else lines. */
export class TrainingBar {
  readonly #bar: SingleBar | undefined;
  #said = '';

  constructor() {
    if (!process.stderr.isTTY) return;
    const format = '{bar} {line}';
    this.#bar = new SingleBar({ format, hideCursor: true, stream: process.stderr });
    this.#bar.start(1, 0, { line: 'reading' });
  }

  /** Shows how far the run is. */
  show(progress: TrainingProgress): void {
    const share = Math.min(1, progress.done / progress.total);
    if (this.#bar !== undefined) {
      this.#bar.update(share, { line: lineOf(progress, share) });
      return;
    }
    const step = `${progress.stage} ${Math.floor(share * steps)}`;
    if (step === this.#said) return;
    this.#said = step;
    process.stderr.write(`${lineOf(progress, share)}\n`);
  }

  /** Gives the terminal back. Harmless twice. */
  stop(): void {
    this.#bar?.stop();
  }
}

function lineOf({ stage, perSecond, secondsLeft }: TrainingProgress, share: number): string {
  const done = `${stage}: ${Math.round(100 * share)} %`;
  if (perSecond === 0) return done;
  return `${done}, ${Math.round(perSecond)} M multiplications/s, ${Math.round(secondsLeft)} s left`;
}
