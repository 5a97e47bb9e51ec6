import type { Clock } from '../../services/platform/clock/clock.ts';

const readyWithinMs = 30_000;
const pauseMs = 50;

/**
 * Waits until a process takes work: a gateway starts before it has found its aggregators.
 * @param http where it answers for its health, `http://…`.
 * @throws Error when it is not ready after 30 s.
 */
export async function untilReady(http: string, clock: Clock): Promise<void> {
  const giveUp = clock.timeout(readyWithinMs);
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    const { ok } = await fetch(`${http}/health/ready`, { signal: giveUp });
    if (ok) return;
    // oxlint-disable-next-line no-await-in-loop
    await clock.sleep(pauseMs, giveUp);
  }
}
