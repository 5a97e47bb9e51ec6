import type { Clock } from '../clock/clock.ts';

/** Which checks stand, for `/health/ready`. */
export interface ReadinessReport {
  /** Whether new work may be sent here. */
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, boolean>>;
}

/**
 * When a failing check makes this process unready: as long as it fails (`always`), or only until
 * it stood for the first time (`start`).
 */
export type Needed = 'always' | 'start';

interface Check {
  readonly probe: () => boolean | Promise<boolean>;
  readonly needed: Needed;
  stoodOnce: boolean;
}

/** A probe that has not answered after this long has failed. */
const probeMs = 1000;
/** Answers are kept this long, so that nobody can ask the servers behind us more often. */
const keptUs = 500_000;

/** The named conditions under which this process takes new work; red for good once it stops. */
export class Readiness {
  readonly #clock: Clock;
  readonly #checks = new Map<string, Check>();
  #stopping = false;
  #probed: {
    readonly atUs: number;
    readonly results: Promise<readonly [string, boolean][]>;
  } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Adds a condition. A server that several processes share is needed for the start alone: were
   * all of them to turn red when it fails, nobody would be left to give the degraded answer.
   */
  check(name: string, probe: () => boolean | Promise<boolean>, needed: Needed = 'always'): void {
    this.#checks.set(name, { probe, needed, stoodOnce: false });
    this.#probed = null;
  }

  /** Turns red for good: the process is about to end. */
  stop(): void {
    this.#stopping = true;
  }

  /** Probes every check, or repeats what was found at most half a second ago. Never throws. */
  async report(): Promise<ReadinessReport> {
    const nowUs = this.#clock.monotonicUs();
    if (this.#probed === null || nowUs - this.#probed.atUs > keptUs) {
      this.#probed = { atUs: nowUs, results: this.#probeAll() };
    }
    const results = await this.#probed.results;
    const checks = Object.fromEntries(results);
    const standing = results.every(([name, stands]) => stands || this.#isForgiven(name));
    return { ready: standing && !this.#stopping, checks };
  }

  #isForgiven(name: string): boolean {
    const check = this.#checks.get(name);
    return check !== undefined && check.needed === 'start' && check.stoodOnce;
  }

  #probeAll(): Promise<readonly [string, boolean][]> {
    return Promise.all(
      [...this.#checks].map(async ([name, check]): Promise<[string, boolean]> => {
        const stands = await this.#inTime(check.probe);
        check.stoodOnce ||= stands;
        return [name, stands];
      }),
    );
  }

  #inTime(probe: Check['probe']): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(probeMs, () => resolve(false));
      const settle = (stands: boolean): void => {
        timer.cancel();
        resolve(stands);
      };
      settled(probe).then(settle, () => settle(false));
    });
  }
}

/** A probe that throws is one that rejects. */
async function settled(probe: Check['probe']): Promise<boolean> {
  return await probe();
}
