const samplesKept = 8;

/** The four times of one ping, in µs: t0 and t3 by our clock, t1 and t2 by the other side's. */
export interface PingTimes {
  /** We sent it. */
  readonly t0: number;
  /** It arrived there. */
  readonly t1: number;
  /** The answer left there. */
  readonly t2: number;
  /** The answer arrived here. */
  readonly t3: number;
}

/**
 * How far our monotonic clock is ahead of another process's, in µs: ((t0−t1)+(t3−t2))/2, wrong by
 * half a round trip at most (RFC 5905 §8). Of the last eight pings the one with the shortest round
 * trip counts, because a busy event loop delays one direction and not the other (its clock filter, §10).
 */
export class ClockOffset {
  readonly #samples: { offsetUs: number; roundTripUs: number }[] = [];

  /** Takes a ping in; false for times that no clock could have told, which change nothing. */
  add({ t0, t1, t2, t3 }: PingTimes): boolean {
    const roundTripUs = t3 - t0 - (t2 - t1);
    if (!(roundTripUs >= 0)) return false;
    if (this.#samples.length === samplesKept) this.#samples.shift();
    this.#samples.push({ offsetUs: (t0 - t1 + (t3 - t2)) / 2, roundTripUs });
    return true;
  }

  /** Our clock minus the other one; `undefined` before the first ping. */
  get us(): number | undefined {
    let best = this.#samples[0];
    for (const sample of this.#samples) {
      if (best === undefined || sample.roundTripUs <= best.roundTripUs) best = sample;
    }
    return best?.offsetUs;
  }
}
