import { describe, expect, it } from 'vitest';
import { ChorusError } from '../domain/errors.ts';
import { RealClock } from './clock/real-clock.ts';
import { waitForServer } from './wait-for-server.ts';

/** Sleeping takes no time and moves the clock. */
class SleepingClock extends RealClock {
  readonly pausesMs: number[] = [];
  #nowUs = 0;

  override monotonicUs(): number {
    return this.#nowUs;
  }

  override async sleep(delayMs: number): Promise<void> {
    this.pausesMs.push(delayMs);
    this.#nowUs += delayMs * 1000;
  }
}

const failures = (count: number, error: unknown = new Error('refused')) => {
  let left = count;
  return async (): Promise<void> => {
    if (left > 0) {
      left -= 1;
      throw error;
    }
  };
};

const connection = (signal?: AbortSignal) => {
  const clock = new SleepingClock();
  const lines: string[] = [];
  const url = 'postgresql://user:secret@db.example:5432/chorus';
  return { url, clock, signal, lines, onWaiting: (line: string) => void lines.push(line) };
};

describe('waiting for a server', () => {
  it('says nothing when it answers', async () => {
    const server = connection();
    await waitForServer('PostgreSQL', server, failures(0));
    expect([server.lines, server.clock.pausesMs]).toEqual([[], []]);
  });

  it('says at once what is missing and why, and again every 10 s', async () => {
    const server = connection();
    await waitForServer('PostgreSQL', server, failures(15));
    const line = 'PostgreSQL at db.example:5432 does not answer (refused); waiting for it';
    expect(server.lines).toEqual([line, line, line]);
    expect(server.clock.pausesMs.slice(0, 6)).toEqual([100, 200, 400, 800, 1600, 2000]);
  });

  it('gives up at once on a bad setting', async () => {
    const wrong = new ChorusError('bad_setting', 'DATABASE_URL: wrong password');
    await expect(waitForServer('PostgreSQL', connection(), failures(1, wrong))).rejects.toBe(wrong);
  });

  it('ends with its signal', async () => {
    const stopping = new AbortController();
    const server = connection(stopping.signal);
    const attempt = async (): Promise<void> => {
      stopping.abort();
      throw new Error('refused');
    };
    await expect(waitForServer('PostgreSQL', server, attempt)).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});
