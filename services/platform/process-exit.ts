import { ChorusError, type ErrorCode } from '../domain/errors.ts';
import type { Clock } from './clock/clock.ts';
import type { Lifecycle } from './lifecycle.ts';
import { logger } from './telemetry/logger.ts';
import type { Readiness } from './telemetry/readiness.ts';

/** Exit code of a start that a setting or a bundle stopped (EX_CONFIG of sysexits.h): a restart mends nothing. */
const badConfigurationCode = 78;
const badConfiguration: ReadonlySet<ErrorCode> = new Set(['bad_setting', 'bundle_rejected']);
const failureCode = 1;
/** Kubernetes kills after 30 s unless told. */
const stopLimitMs = 25_000;

/** What ending a process takes. */
export interface ProcessExitParts {
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
  readonly readiness: Readiness;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

/**
 * The one way out of a process: readiness turns red, every part refuses new work, finishes and
 * closes, and after 25 s whatever hangs is named and left behind.
 */
export class ProcessExit {
  readonly #parts: ProcessExitParts;
  #code = 0;
  #isEnding = false;

  constructor(parts: ProcessExitParts) {
    this.#parts = parts;
  }

  /** Ends on signals and on errors that nobody caught. */
  watch(): void {
    // A second signal changes nothing: npm passes on the Ctrl-C that the terminal already sent us.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => void this.end(0, signal));
    }
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(event, (error: unknown) => {
        const stack = error instanceof Error ? error.stack : String(error);
        logger.fatal({ event: 'process.broken', cause: event, error: stack });
        void this.end(failureCode, event);
      });
    }
  }

  /** The start went wrong: says why, for machines and for people, and ends. */
  async startFailed(thrown: unknown): Promise<void> {
    if (this.#isEnding) return;
    const { code, message, field } = ChorusError.from(thrown);
    const stack = code === 'internal' && thrown instanceof Error ? thrown.stack : undefined;
    logger.fatal({ event: 'process.start-failed', code, setting: field, error: message, stack });
    process.stderr.write(`Chorus cannot start: ${message}\n`);
    const isBadConfiguration = badConfiguration.has(code);
    await this.end(isBadConfiguration ? badConfigurationCode : failureCode, 'the start failed');
  }

  /** Closes everything and exits with `code`, or a worse one that came up meanwhile. */
  async end(code: number, reason: string): Promise<void> {
    this.#code = Math.max(this.#code, code);
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { clock, lifecycle, readiness, exit } = this.#parts;
    readiness.stop();
    const overdue = clock.after(stopLimitMs, () => {
      logger.fatal({ event: 'process.stop-overdue', unfinished: lifecycle.unfinished });
      exit(failureCode);
    });
    const isClean = await lifecycle.stop(reason);
    overdue.cancel();
    const last = isClean ? this.#code : Math.max(this.#code, failureCode);
    logger.info({ event: 'process.stopped', code: last });
    exit(last);
  }
}
