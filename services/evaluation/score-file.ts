import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { ChorusError } from '../domain/errors.ts';

/**
 * Writes `user item score` by tabs, without a header, a line for each candidate that was ranked:
 * what the ranks, and so the rates and gains as served, are made of. Scores have the digits that give the same float32 back.
 */
export class ScoreFile {
  readonly #stream: WriteStream;
  readonly #path: string;
  #failure: unknown;
  #closed: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#stream = createWriteStream(path);
    this.#stream.on('error', (error) => (this.#failure = error));
  }

  /** @throws ChorusError `invalid_argument` when the file cannot be written. */
  async write(
    user: string,
    candidates: readonly { readonly item: string; readonly score: number }[],
  ): Promise<void> {
    this.#refuseIfFailed();
    const lines = candidates.map(
      ({ item, score }) => `${user}\t${item}\t${score.toPrecision(9)}\n`,
    );
    if (this.#stream.write(lines.join(''))) return;
    try {
      await once(this.#stream, 'drain');
    } catch (error) {
      this.#failure ??= error;
      this.#refuseIfFailed();
    }
  }

  /**
   * Waits until all is written. Harmless twice.
   * @throws ChorusError `invalid_argument` when the file cannot be written.
   */
  async close(): Promise<void> {
    this.#closed ??= this.#end();
    return await this.#closed;
  }

  async #end(): Promise<void> {
    this.#refuseIfFailed();
    const whole = finished(this.#stream);
    this.#stream.end();
    try {
      await whole;
    } catch (error) {
      this.#failure ??= error;
      this.#refuseIfFailed();
    }
  }

  #refuseIfFailed(): void {
    if (this.#failure === undefined) return;
    throw new ChorusError('invalid_argument', `cannot write ${this.#path}`, {
      cause: this.#failure,
    });
  }
}
