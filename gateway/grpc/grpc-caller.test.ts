import { EventEmitter } from 'node:events';
import { Metadata } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { unaryCaller } from './grpc-caller.ts';

/** Stands still until it is moved. */
class StoppedClock extends RealClock {
  passedMs = 0;

  override nowMs(): number {
    return 1_000 + this.passedMs;
  }

  override monotonicUs(): number {
    return this.passedMs * 1000;
  }
}

test.each([
  ['by its caller, long before it is overdue', 900, 'cancelled'],
  ['because it is overdue, by a caller whose deadline began earlier', 960, 'deadline_exceeded'],
  ['because it is overdue', 1001, 'deadline_exceeded'],
])('a call that is cancelled %s', (_when, afterMs, code) => {
  const clock = new StoppedClock();
  const call = Object.assign(new EventEmitter(), {
    metadata: new Metadata(),
    getDeadline: () => new Date(2_000),
  });
  const told: string[] = [];
  unaryCaller(call, clock).whenGone((reason) => told.push(reason.code));
  clock.passedMs = afterMs;
  call.emit('cancelled');
  expect(told).toEqual([code]);
});
