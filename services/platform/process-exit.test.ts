import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChorusError } from '../domain/errors.ts';
import { RealClock } from './clock/real-clock.ts';
import { Lifecycle } from './lifecycle.ts';
import { ProcessExit } from './process-exit.ts';
import { logger } from './telemetry/logger.ts';
import { Readiness } from './telemetry/readiness.ts';

let lines: unknown[];
beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  const note = (line: unknown): void => void lines.push(line);
  vi.spyOn(logger, 'fatal').mockImplementation(note);
  vi.spyOn(logger, 'info').mockImplementation(note);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function parts() {
  const clock = new RealClock();
  const codes: number[] = [];
  const exit = (code: number): void => void codes.push(code);
  return { clock, lifecycle: new Lifecycle(), readiness: new Readiness(clock), exit, codes };
}

test('an end is red first, closes everything and exits with the code', async () => {
  const { codes, ...rest } = parts();
  const notes: boolean[] = [];
  await rest.lifecycle.start({
    name: 'gateway',
    start: () => Promise.resolve(),
    stop: async () => {
      notes.push((await rest.readiness.report()).ready);
    },
  });
  await new ProcessExit(rest).end(0, 'SIGTERM');
  expect(notes).toEqual([false]);
  expect(codes).toEqual([0]);
});

test('a bad setting exits with 78 and is named, for machines and for people', async () => {
  const { codes, ...rest } = parts();
  const message = 'HTTP_PORT is "x" but should be a port';
  await new ProcessExit(rest).startFailed(
    new ChorusError('bad_setting', message, { field: 'HTTP_PORT' }),
  );
  expect(codes).toEqual([78]);
  expect(lines).toContainEqual(
    expect.objectContaining({ event: 'process.start-failed', setting: 'HTTP_PORT' }),
  );
  expect(lines).toContain(`Chorus cannot start: ${message}\n`);
});

test('a bundle that is refused exits with 78 and the reason', async () => {
  const { codes, ...rest } = parts();
  const message = 'head.f32 has SHA-256 aa, expected bb';
  await new ProcessExit(rest).startFailed(new ChorusError('bundle_rejected', message));
  expect(codes).toEqual([78]);
  expect(lines).toContain(`Chorus cannot start: ${message}\n`);
});

test('any other failed start exits with 1', async () => {
  const { codes, ...rest } = parts();
  await new ProcessExit(rest).startFailed(new Error('no disk'));
  expect(codes).toEqual([1]);
});

test('a start that a signal cut short is not a failure', async () => {
  const { codes, ...rest } = parts();
  const exit = new ProcessExit(rest);
  await Promise.all([exit.end(0, 'SIGTERM'), exit.startFailed(new Error('cut short'))]);
  expect(codes).toEqual([0]);
});

test('what hangs is named after 25 s and left behind with code 1', async () => {
  const { codes, ...rest } = parts();
  await rest.lifecycle.start({
    name: 'gateway',
    start: () => Promise.resolve(),
    stop: () => new Promise(() => undefined),
  });
  void new ProcessExit(rest).end(0, 'SIGTERM');
  await vi.advanceTimersByTimeAsync(24_999);
  expect(codes).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(codes).toEqual([1]);
  expect(lines).toContainEqual({ event: 'process.stop-overdue', unfinished: ['gateway'] });
});

test('an error while it ends makes the code worse, a part that fails to close too', async () => {
  const { codes, ...rest } = parts();
  await rest.lifecycle.start({
    name: 'gateway',
    start: () => Promise.resolve(),
    stop: () => Promise.reject(new Error('no')),
  });
  vi.spyOn(logger, 'error').mockImplementation(() => undefined);
  await new ProcessExit(rest).end(0, 'SIGTERM');
  expect(codes).toEqual([1]);
});
