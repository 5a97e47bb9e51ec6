import { ChorusError } from '../domain/errors.ts';
import type { Clock } from './clock/clock.ts';
import { logger } from './telemetry/logger.ts';

/** Where a server is, and how a starting process waits for it. */
export interface ServerConnection {
  /** Address with credentials, as in the settings. Never logged. */
  readonly url: string;
  readonly clock: Clock;
  /** Ends the waiting at start; not used afterwards. */
  readonly signal?: AbortSignal | undefined;
  /** Told in one line what is missing and why, at once and then every 10 s; by default it is logged. */
  readonly onWaiting?: ((message: string) => void) | undefined;
}

const firstPauseMs = 100;
const longestPauseMs = 2000;
const reminderUs = 10_000_000;

/**
 * Tries until the server answers, with pauses that double from 100 ms to 2 s.
 * @param kind what people call the server; its host and port are added.
 * @param attempt one try, bounded in time. A ChorusError `bad_setting` from it ends the waiting:
 *   no patience mends a wrong password.
 * @throws ChorusError `bad_setting`; `cancelled` or `deadline_exceeded` by the signal.
 */
export async function waitForServer(
  kind: string,
  { url, clock, signal, onWaiting = log }: ServerConnection,
  attempt: () => Promise<void>,
): Promise<void> {
  const name = `${kind} at ${shownHost(url)}`;
  let pauseMs = firstPauseMs;
  let nextLineUs = clock.monotonicUs();
  for (;;) {
    if (signal?.aborted === true) throw ChorusError.from(signal.reason, 'cancelled');
    try {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      await attempt();
      return;
    } catch (error) {
      if (error instanceof ChorusError && error.code === 'bad_setting') throw error;
      if (clock.monotonicUs() >= nextLineUs) {
        onWaiting(`${name} does not answer (${reasonOf(error)}); waiting for it`);
        nextLineUs = clock.monotonicUs() + reminderUs;
      }
    }
    // An abort ends the pause early and is reported at the head of the loop.
    // oxlint-disable-next-line no-await-in-loop
    await clock.sleep(pauseMs, signal).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}

/** The host and port of a server's URL, which are all of it that may be shown. */
export function shownHost(url: string): string {
  return URL.parse(url)?.host ?? 'an unreadable address';
}

function log(message: string): void {
  logger.warn({ event: 'server.waiting' }, message);
}

function reasonOf(error: unknown): string {
  // Node gathers the failures of a name with several addresses under an empty message.
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
