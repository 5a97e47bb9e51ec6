import type { Clock, Timer } from '../platform/clock/clock.ts';
import { logger } from '../platform/telemetry/logger.ts';
import type { LivePointer } from './live-pointer.ts';

const readEveryMs = 2000;

/** What a process that holds no bundle knows of the pointer: read at start and every 2 s. */
export class LiveBundle {
  readonly #pointer: Pick<LivePointer, 'read'>;
  readonly #mixture: string;
  #version: string | undefined;
  #reading: Promise<void> | undefined;
  #timer: Timer | undefined;

  private constructor(pointer: Pick<LivePointer, 'read'>, mixture: string) {
    this.#pointer = pointer;
    this.#mixture = mixture;
  }

  /**
   * Reads the pointer and starts to watch it.
   * @throws ChorusError `unavailable` when it cannot be read the first time.
   */
  static async watch(
    pointer: Pick<LivePointer, 'read'>,
    mixture: string,
    clock: Clock,
  ): Promise<LiveBundle> {
    const live = new LiveBundle(pointer, mixture);
    live.#version = await pointer.read(mixture);
    live.#timer = clock.every(readEveryMs, () => live.#readAgain());
    return live;
  }

  /** `<mixture>/<version>`; empty while nobody has chosen one. */
  get name(): string {
    return this.#version === undefined ? '' : `${this.#mixture}/${this.#version}`;
  }

  /** Watches no more. Harmless twice. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.#reading;
  }

  #readAgain(): void {
    // A database that hangs must not gather questions.
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
  }

  async #read(): Promise<void> {
    try {
      this.#version = await this.#pointer.read(this.#mixture);
    } catch (error) {
      // The version known so far serves on: a promotion has to wait for the database anyway.
      logger.debug({ event: 'pointer.unread', mixture: this.#mixture, reason: String(error) });
    }
  }
}
