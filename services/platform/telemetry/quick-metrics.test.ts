import * as fc from 'fast-check';
import { Counter, Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { QuickCounter } from './quick-counter.ts';
import { QuickHistogram } from './quick-histogram.ts';

const labels = fc.record({
  surface: fc.constantFrom('http', 'grpc'),
  outcome: fc.constantFrom('ok', 'degraded'),
});
const labelNames = ['surface', 'outcome'] as const;
const plain = { name: 'moe_test', help: 'Help' };

test('a quick counter shows what prom-client would, whenever it is read', async () => {
  const step = fc.record({ labels, count: fc.nat(5), isRead: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step), async (steps) => {
      const [ours, theirs] = [new Registry(), new Registry()];
      const quick = new QuickCounter({ ...plain, labelNames, registers: [ours] });
      const slow = new Counter({ ...plain, labelNames, registers: [theirs] });
      for (const { labels: each, count, isRead } of steps) {
        quick.inc(each, count);
        slow.inc(each, count);
        // oxlint-disable-next-line no-await-in-loop -- in this order
        if (isRead) await ours.metrics();
      }
      expect(await ours.metrics()).toBe(await theirs.metrics());
    }),
  );
});

test('a quick histogram shows what prom-client would', async () => {
  const step = fc.record({ labels, value: fc.double({ min: -1, max: 7, noNaN: true }) });
  const buckets = [0.1, 1, 5];
  await fc.assert(
    fc.asyncProperty(fc.array(step), async (steps) => {
      const [ours, theirs] = [new Registry(), new Registry()];
      const quick = new QuickHistogram({ ...plain, labelNames, buckets, registers: [ours] });
      const slow = new Histogram({ ...plain, labelNames, buckets, registers: [theirs] });
      for (const { labels: each, value } of steps) {
        quick.observe(each, value);
        slow.observe(each, value);
      }
      expect(await ours.metrics()).toBe(await theirs.metrics());
    }),
  );
});

test('a histogram without labels shows zeros before anything was observed', async () => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const quick = new QuickHistogram({ ...plain, buckets: [1], registers: [ours] });
  const slow = new Histogram({ ...plain, buckets: [1], registers: [theirs] });
  expect(await ours.metrics()).toBe(await theirs.metrics());
  quick.observe(0.5);
  quick.observe(NaN);
  slow.observe(0.5);
  expect(await ours.metrics()).toBe(await theirs.metrics());
});
