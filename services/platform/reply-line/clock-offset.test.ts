import { array, assert, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { ClockOffset } from './clock-offset.ts';

test('there is no offset before the first ping', () => {
  expect(new ClockOffset().us).toBeUndefined();
});

test('equal delays there and back give the offset exactly', () => {
  const offset = new ClockOffset();
  // Our clock is 1,000 µs ahead; 50 µs each way, 10 µs over there.
  offset.add({ t0: 5000, t1: 4050, t2: 4060, t3: 5110 });
  expect(offset.us).toBe(1000);
});

test('a ping that was held up does not spoil a better one', () => {
  const offset = new ClockOffset();
  offset.add({ t0: 5000, t1: 4050, t2: 4060, t3: 5110 });
  offset.add({ t0: 6000, t1: 5050, t2: 5060, t3: 9000 });
  expect(offset.us).toBe(1000);
});

test('an old ping goes in the end, so that clocks may drift', () => {
  const offset = new ClockOffset();
  offset.add({ t0: 0, t1: 0, t2: 0, t3: 0 });
  for (let ping = 0; ping < 8; ping += 1) offset.add({ t0: 5000, t1: 4050, t2: 4060, t3: 5110 });
  expect(offset.us).toBe(1000);
});

test('times that run backwards change nothing', () => {
  const offset = new ClockOffset();
  expect(offset.add({ t0: 5000, t1: 4050, t2: 4060, t3: 4000 })).toBe(false);
  expect(offset.add({ t0: Number.NaN, t1: 0, t2: 0, t3: 0 })).toBe(false);
  expect(offset.us).toBeUndefined();
});

test('the error is half a round trip at most, whatever the delays', () => {
  const us = integer({ min: 0, max: 10_000_000 });
  const ping = record({ start: us, there: us, answer: us, back: us });
  assert(
    property(integer(), array(ping, { minLength: 1, maxLength: 20 }), (ahead, pings) => {
      const offset = new ClockOffset();
      for (const { start, there, answer, back } of pings) {
        const t1 = start + there - ahead;
        offset.add({ t0: start, t1, t2: t1 + answer, t3: start + there + answer + back });
      }
      const shortest = Math.min(...pings.slice(-8).map((each) => each.there + each.back));
      expect(Math.abs((offset.us ?? Number.NaN) - ahead)).toBeLessThanOrEqual(shortest / 2);
    }),
  );
});
