import { expect, test } from 'vitest';
import { brokenPromises, brokenWhateverStalls } from './broken-promises.ts';
import type { Asked } from './load.ts';
import { runFigures } from './run-figures.ts';
import type { ScenarioName } from './scenarios.ts';

const second = 1e6;
const hurt = 10;
const back = 12;

/** A run of a minute, 100 requests/s, with what each request came to by the second it was due. */
function figuresOf(outcome: (dueSeconds: number) => string) {
  const asked = Array.from({ length: 6000 }, (_, index): Asked => {
    const dueUs = index * 10_000;
    const endedUs = dueUs + 20_000;
    return { dueUs, sentUs: dueUs, endedUs, unseenUs: 0, outcome: outcome(dueUs / second) };
  });
  const window = { hurtUs: hurt * second, backUs: back * second };
  return runFigures({ asked, ...window, redispatches: 0, longestStallMs: 0 });
}

function broken(scenario: ScenarioName, outcome: (dueSeconds: number) => string) {
  return brokenPromises(scenario, figuresOf(outcome));
}

/** That outcome for requests due from one second to another, full answers to the others. */
function only(outcome: string, from: number, to: number) {
  return (due: number) => (due >= from && due < to ? outcome : 'ok');
}

const every: readonly ScenarioName[] = ['worker', 'aggregator', 'stop', 'all-workers'];
const mayFail: readonly ScenarioName[] = ['aggregator', 'stop'];

test.each(every)('%s: full answers all the time break nothing', (scenario) => {
  expect(broken(scenario, () => 'ok')).toEqual([]);
});

test.each(mayFail)('%s: typed errors from the kill to 2 s after the return are allowed', (name) => {
  // The first of them was due before the kill and open when it came.
  expect(broken(name, only('unavailable', hurt - 0.01, back + 2))).toEqual([]);
});

test.each(mayFail)('%s: none before it, and none later', (name) => {
  expect(broken(name, only('unavailable', 5, 5.1))).toEqual([
    '10 ended with unavailable while all were there',
  ]);
  expect(broken(name, only('deadline_exceeded', back + 2, back + 2.1))).toEqual([
    '10 ended with deadline_exceeded while all were there',
  ]);
});

test.each(mayFail)('%s: an error that no caller can act on is never allowed', (name) => {
  expect(broken(name, only('internal', hurt, hurt + 0.1))).toEqual(['10 ended with internal']);
});

test.each(['worker', 'all-workers'] as const)('%s: no error is allowed at all', (name) => {
  expect(broken(name, only('unavailable', hurt, hurt + 0.1))).toEqual([
    '10 ended with unavailable',
  ]);
});

test.each(every)('%s: later ones are served in full, but for one in a hundred', (name) => {
  expect(broken(name, only('degraded', 20, 20.4))).toEqual([]);
  const most = broken(name, (due) => (due >= back + 2 && due < 59 ? 'degraded' : 'ok'));
  expect(most).toContain('4500 of 4600 later ones not full');
});

test('one full answer at some time is not “served again”', () => {
  const once = broken('aggregator', (due) => (due >= hurt && due !== 30 ? 'degraded' : 'ok'));
  expect(once).toEqual(['4599 of 4600 later ones not full']);
});

test('a worker killed beside another: few degraded answers, at any time', () => {
  expect(broken('worker', only('degraded', hurt, hurt + 0.5))).toEqual([]);
  expect(broken('worker', only('degraded', hurt, back))).toEqual(['200 degraded']);
  expect(broken('all-workers', only('degraded', hurt, back))).toEqual([]);
});

test('full answers that come late after a return are told', () => {
  expect(broken('all-workers', only('degraded', hurt, back + 2.5))).toEqual([
    expect.stringContaining('full answers came 2520 ms'),
    '50 of 4600 later ones not full',
  ]);
});

test('no pause of the machine excuses another error, or that nothing is full any more', () => {
  expect(brokenWhateverStalls(figuresOf(only('deadline_exceeded', 0, 59)))).toEqual([]);
  expect(brokenWhateverStalls(figuresOf(only('hung', 20, 20.02)))).toEqual(['2 ended with hung']);
  const neverFull = brokenWhateverStalls(figuresOf(only('degraded', hurt, 60)));
  expect(neverFull).toEqual(['no full answer came after the return']);
});
