import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RealClock } from '../clock/real-clock.ts';
import { Readiness } from './readiness.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const later = (): void => {
  vi.advanceTimersByTime(600);
};

test('it is ready when every check stands, and says which does not', async () => {
  const readiness = new Readiness(new RealClock());
  let loaded = false;
  readiness.check('event_log', () => Promise.resolve(true));
  readiness.check('bundle_loaded', () => loaded);
  expect(await readiness.report()).toEqual({
    ready: false,
    checks: { event_log: true, bundle_loaded: false },
  });
  loaded = true;
  later();
  expect((await readiness.report()).ready).toBe(true);
});

test('what is needed for the start alone reddens only until it stood once', async () => {
  const readiness = new Readiness(new RealClock());
  let answers = false;
  readiness.check('cache', () => answers, 'start');
  expect((await readiness.report()).ready).toBe(false);
  answers = true;
  later();
  expect((await readiness.report()).ready).toBe(true);
  answers = false;
  later();
  expect(await readiness.report()).toEqual({ ready: true, checks: { cache: false } });
});

test('a probe that throws or never answers has failed', async () => {
  const readiness = new Readiness(new RealClock());
  readiness.check('throws', () => {
    throw new Error('no');
  });
  readiness.check('rejects', () => Promise.reject(new Error('no')));
  readiness.check('hangs', () => new Promise(() => undefined));
  const report = readiness.report();
  await vi.advanceTimersByTimeAsync(1000);
  expect(await report).toEqual({
    ready: false,
    checks: { throws: false, rejects: false, hangs: false },
  });
});

test('many questions at once are one probe', async () => {
  const readiness = new Readiness(new RealClock());
  const probe = vi.fn<() => boolean>(() => true);
  readiness.check('records', probe);
  await Promise.all([readiness.report(), readiness.report(), readiness.report()]);
  expect(probe).toHaveBeenCalledTimes(1);
  later();
  await readiness.report();
  expect(probe).toHaveBeenCalledTimes(2);
});

test('stopping is red at once and for good', async () => {
  const readiness = new Readiness(new RealClock());
  expect((await readiness.report()).ready).toBe(true);
  readiness.stop();
  expect((await readiness.report()).ready).toBe(false);
  later();
  expect((await readiness.report()).ready).toBe(false);
});
