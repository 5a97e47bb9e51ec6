import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import { ownCpuUs } from './cpu.ts';

const clock = new RealClock();

/** What a closed loop did. */
export interface LoopResult {
  readonly items: number;
  readonly wallUs: number;
  /** CPU time of this process, all threads. */
  readonly cpuUs: number;
}

/** A load that asks again when it has its answer. */
export interface ClosedLoop {
  readonly forMs: number;
  /** Calls in flight. */
  readonly width: number;
  /** Items that one call handles; 1 unless told. */
  readonly itemsPerCall?: number;
  readonly call: () => Promise<unknown>;
}

/** Keeps `width` calls in flight for a time, and waits for the last. */
export async function closedLoop(loop: ClosedLoop): Promise<LoopResult> {
  const { forMs, width, itemsPerCall = 1, call } = loop;
  const cpuUs = ownCpuUs();
  const startUs = clock.monotonicUs();
  const endUs = startUs + forMs * 1000;
  let calls = 0;
  const one = async (): Promise<void> => {
    while (clock.monotonicUs() < endUs) {
      calls += 1;
      // oxlint-disable-next-line no-await-in-loop -- a closed loop
      await call();
    }
  };
  await Promise.all(Array.from({ length: width }, one));
  return {
    items: calls * itemsPerCall,
    wallUs: clock.monotonicUs() - startUs,
    cpuUs: ownCpuUs() - cpuUs,
  };
}

/** A load that comes when it comes. */
export interface OpenLoop {
  readonly forMs: number;
  readonly perSecond: number;
  /** Begins one call; must not wait. */
  readonly begin: () => void;
}

/**
 * Begins calls at a rate, those that are due at each tick of about a millisecond.
 * @returns how many were begun.
 */
export async function openLoop({ forMs, perSecond, begin }: OpenLoop): Promise<number> {
  const startUs = clock.monotonicUs();
  const total = Math.round((forMs * perSecond) / 1000);
  let begun = 0;
  while (begun < total) {
    const due = Math.round(((clock.monotonicUs() - startUs) * perSecond) / 1e6);
    for (; begun < Math.min(due, total); begun += 1) begin();
    // oxlint-disable-next-line no-await-in-loop -- the next tick
    await clock.sleep(1);
  }
  return begun;
}

/** Lets this event-loop turn end. */
export async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => clock.nextTurn(resolve));
}
