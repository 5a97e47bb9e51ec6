import { expect, it } from 'vitest';
import { type Clock } from '../platform/clock/clock.ts';
import { RealClock } from '../platform/clock/real-clock.ts';
import { ProgressMeter, type TrainingProgress } from './training-progress.ts';

/** Real in all but the time that it tells. */
class SetClock extends RealClock implements Clock {
  nowUs = 0;

  override monotonicUs(): number {
    return this.nowUs;
  }
}

it('measures the rate of this run alone, from its first report on', () => {
  const clock = new SetClock();
  const told: TrainingProgress[] = [];
  const stages = [
    { name: 'base', rows: 10, cost: 100 },
    { name: 'head', rows: 4, cost: 40 },
  ];
  const meter = new ProgressMeter(clock, stages, (progress) => told.push(progress));
  meter.inherit('base', 5);
  const onRows = meter.rowsOf('base');
  clock.nowUs = 7e6;
  onRows(1);
  clock.nowUs = 8e6;
  onRows(2);
  clock.nowUs = 9e6;
  meter.inherit('head');
  onRows(2);
  expect(told).toEqual([
    { stage: 'base', done: 60, total: 140, perSecond: 0, secondsLeft: Infinity },
    { stage: 'base', done: 80, total: 140, perSecond: 20, secondsLeft: 3 },
    { stage: 'base', done: 140, total: 140, perSecond: 20, secondsLeft: 0 },
  ]);
});
