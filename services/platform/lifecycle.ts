import type { Logger } from 'pino';
import { ChorusError } from '../domain/errors.ts';
import { logger as processLogger } from './telemetry/logger.ts';

/** Something that a process starts and must close again. */
export interface Part {
  readonly name: string;
  start(signal: AbortSignal): Promise<void>;
  /** Finishes what is in flight and closes; also called when `start` failed. */
  stop(): Promise<void>;
}

/**
 * The parts of a process: they start one after the other and stop in the reverse order, each
 * after what relies on it. A stop during the start aborts the start and closes what there is.
 */
export class Lifecycle {
  readonly #stopSignal = new AbortController();
  readonly #parts: Part[] = [];
  readonly #logger: Logger;
  #starting: Promise<void> = Promise.resolve();
  #stopped: Promise<boolean> | undefined;

  constructor(logger: Logger = processLogger) {
    this.#logger = logger;
  }

  /** Whether the process is on its way out. */
  get isStopping(): boolean {
    return this.#stopSignal.signal.aborted;
  }

  /** The parts that have not closed yet, the one that is closing first. */
  get unfinished(): readonly string[] {
    return this.#parts.map(({ name }) => name).toReversed();
  }

  /** Starts the next part. Rejects with `cancelled` when the process stops meanwhile. */
  async start(part: Part): Promise<void> {
    const { signal } = this.#stopSignal;
    signal.throwIfAborted();
    this.#parts.push(part);
    const starting = part.start(signal);
    this.#starting = starting.then(
      () => undefined,
      () => undefined,
    );
    await starting;
    signal.throwIfAborted();
  }

  /**
   * Closes every part; the same promise for everyone who asks.
   * @returns whether all of them closed without an error.
   */
  stop(reason: string): Promise<boolean> {
    this.#stopped ??= this.#stopAll(reason);
    return this.#stopped;
  }

  async #stopAll(reason: string): Promise<boolean> {
    this.#stopSignal.abort(new ChorusError('cancelled', `the process stops: ${reason}`));
    this.#logger.info({ event: 'process.stopping', reason, parts: this.unfinished });
    // A part that is half open closes itself when its start is aborted; closing the parts below
    // it at the same time would pull the floor from under it.
    await this.#starting;
    let clean = true;
    for (let part = this.#parts.at(-1); part !== undefined; part = this.#parts.at(-1)) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
      clean = (await this.#stopOne(part)) && clean;
      this.#parts.pop();
    }
    return clean;
  }

  async #stopOne(part: Part): Promise<boolean> {
    try {
      await part.stop();
      return true;
    } catch (error) {
      this.#logger.error({ event: 'part.stop-failed', part: part.name, error: String(error) });
      return false;
    }
  }
}
