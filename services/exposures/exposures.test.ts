import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { chorus } from '../../proto/generated/internal.js';
import type { Recommendation, RecommendRequest } from '../domain/recommendation.ts';
import { exposuresTopic, userRecordKey } from '../domain/topics.ts';
import { RealClock } from '../platform/clock/real-clock.ts';
import type { EventLog, OutgoingRecord } from '../platform/event-log/event-log.ts';
import { RealRandom } from '../platform/random/real-random.ts';
import { metrics } from '../platform/telemetry/metrics.ts';
import { encodeExposure } from './exposure-codec.ts';
import { Exposures } from './exposures.ts';

const clock = new RealClock();
const random = new RealRandom();

const request: RecommendRequest = {
  requestId: 'r1',
  tenant: 'public',
  userId: 'u1',
  session: [{ itemId: 's', type: 'click', value: 1, timeMs: 0 }],
  candidates: undefined,
  exclude: [],
  topN: 2,
  includeSeen: false,
  context: { device: 'tv' },
  explain: false,
  noCache: false,
};
const answer: Recommendation = {
  requestId: 'r1',
  bundle: 'recommender/small',
  userVersion: 'v1',
  itemsVersion: 'e.3',
  items: [
    { itemId: 'a', title: 'A', score: 2.5 },
    { itemId: 'b', title: 'B', score: 1.5 },
  ],
  experts: [
    { expert: '1', weight: 1, status: 'answered' },
    { expert: '2', weight: 0, status: 'late' },
    { expert: '3', weight: 0, status: 'absent' },
  ],
  gates: [0.5, 0.25, 0.25, 0],
  timings: { totalUs: 1, lookupUs: 1, featuresUs: 1, routeUs: 1, expertsUs: 1, rankUs: 1 },
  degraded: false,
  cached: true,
  path: 'user',
  unknownCandidates: [],
};

/** Takes what is published, when it is told to. */
class Paper implements Pick<EventLog, 'publish'> {
  readonly calls: (readonly OutgoingRecord[])[] = [];
  failure: Error | undefined;
  gate: Promise<void> = Promise.resolve();

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    this.calls.push(records);
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
  }

  get records(): readonly OutgoingRecord[] {
    return this.calls.flat();
  }
}

class CountingClock extends RealClock {
  timeouts = 0;

  override timeout(delayMs: number): AbortSignal {
    this.timeouts += 1;
    return super.timeout(delayMs);
  }
}

function open(paper: Paper, rules: { capacity?: number; lingerMs?: number } = {}): Exposures {
  return new Exposures({ log: paper, clock, random, lingerMs: 1, ...rules });
}

async function countOf(outcome: string): Promise<number> {
  const { values } = await metrics.exposures.get();
  return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
}

test('what an answer showed arrives, keyed by user', async () => {
  const paper = new Paper();
  const exposures = open(paper);
  exposures.record(request, answer);
  await expect.poll(() => paper.records.length).toBe(1);
  const [record] = paper.records;
  expect(record).toMatchObject({ topic: exposuresTopic, key: userRecordKey('public', 'u1') });
  const exposure = chorus.v1.Exposure.decode(record?.value ?? new Uint8Array());
  expect(exposure).toMatchObject({
    requestId: 'r1',
    tenant: 'public',
    userId: 'u1',
    userVersion: 'v1',
    itemsVersion: 'e.3',
    sessionItemIds: ['s'],
    bundle: 'recommender/small',
    path: 'user',
    experts: answer.experts,
    items: [
      { itemId: 'a', position: 1, score: 2.5, propensity: 1, source: 'user' },
      { itemId: 'b', position: 2, score: 1.5, propensity: 1, source: 'user' },
    ],
    cached: true,
    context: { device: 'tv' },
    // The one that was late was asked too.
    k: 2,
    gates: answer.gates,
    experiment: '',
    arm: '',
  });
  expect(exposure.exposureId).toHaveLength(22);
  expect(exposure.servedMs).toBeGreaterThan(1_700_000_000_000);
  await exposures.close();
});

/** Without prototypes, and with 0 for -0, which has no place on the wire. */
function plain(message: object): unknown {
  return JSON.parse(JSON.stringify(message));
}

test('is the message that the generated encoder would make, shown once or again', () => {
  const text = fc.string({ unit: 'grapheme' });
  const named = fc.string({ unit: 'grapheme', minLength: 1 });
  const number = fc.double({ noNaN: true, noDefaultInfinity: true });
  const status = fc.constantFrom('answered', 'late');
  const given = fc.record({
    userId: text,
    session: fc.array(named),
    context: fc.dictionary(text, text, { noNullPrototype: true }),
    candidates: fc.option(fc.array(text), { nil: undefined }),
    items: fc.array(fc.record({ itemId: named, title: text, score: number })),
    experts: fc.array(fc.record({ expert: named, weight: number, status })),
    degraded: fc.boolean(),
    servedMs: fc.maxSafeNat(),
  });
  const wire = chorus.v1.Exposure;
  fc.assert(
    fc.property(given, ({ userId, context, candidates, servedMs, items, ...rest }) => {
      const session = rest.session.map((itemId) => ({
        itemId,
        type: 'click',
        value: 1,
        timeMs: 0,
      }));
      const asked = { ...request, userId, session, context, candidates };
      const { experts, degraded } = rest;
      const shown = { ...answer, items, experts, degraded };
      const expected = wire.decode(
        wire
          .encode({
            exposureId: 'e',
            requestId: shown.requestId,
            tenant: asked.tenant,
            userId,
            userVersion: shown.userVersion,
            itemsVersion: shown.itemsVersion,
            sessionItemIds: rest.session,
            bundle: shown.bundle,
            path: shown.path,
            experts,
            items: items.map(({ itemId, score }, index) => ({
              itemId,
              score,
              position: index + 1,
              propensity: 1,
              source: shown.path,
            })),
            degraded,
            k: experts.length,
            gates: shown.gates,
            cached: shown.cached,
            fromCandidates: candidates !== undefined,
            context,
            servedMs,
          })
          .finish(),
      );
      const exposure = { exposureId: 'e', request: asked, servedMs };
      for (const each of [shown, { ...shown }]) {
        const found = wire.decode(encodeExposure({ ...exposure, answer: each }));
        expect(plain(found)).toEqual(plain(expected));
      }
    }),
  );
});

test('those of one linger travel together, and an empty answer showed nothing', async () => {
  const paper = new Paper();
  const exposures = open(paper, { lingerMs: 30 });
  for (let count = 0; count < 20; count += 1) exposures.record(request, answer);
  exposures.record(request, { ...answer, items: [] });
  await expect.poll(() => paper.records.length).toBe(20);
  expect(paper.calls).toHaveLength(1);
  await exposures.close();
});

test('strangers are spread by the exposure', async () => {
  const paper = new Paper();
  const exposures = open(paper);
  const stranger = { ...request, userId: '' };
  exposures.record(stranger, answer);
  exposures.record(stranger, answer);
  await exposures.close();
  expect(new Set(paper.records.map(({ key }) => key)).size).toBe(2);
});

test('what finds the buffer full is dropped and counted; nobody waits', async () => {
  const paper = new Paper();
  const log = Promise.withResolvers<void>();
  paper.gate = log.promise;
  const exposures = open(paper, { capacity: 3 });
  const before = await countOf('dropped');
  exposures.record(request, answer);
  await expect.poll(() => paper.calls.length).toBe(1);
  for (let count = 0; count < 5; count += 1) exposures.record(request, answer);
  expect(await countOf('dropped')).toBe(before + 2);
  log.resolve();
  await exposures.close();
  expect(paper.records).toHaveLength(4);
});

test('a log that fails costs the exposures, counted, and the next ones go on', async () => {
  const paper = new Paper();
  paper.failure = new Error('away');
  const exposures = open(paper);
  const before = await countOf('failed');
  exposures.record(request, answer);
  await expect.poll(() => countOf('failed')).toBe(before + 1);
  paper.failure = undefined;
  const sent = await countOf('sent');
  exposures.record(request, answer);
  await expect.poll(() => countOf('sent')).toBe(sent + 1);
  await exposures.close();
});

test('after one batch that failed, the others of that sending are lost without another wait', async () => {
  const paper = new Paper();
  paper.failure = new Error('away');
  const exposures = open(paper, { lingerMs: 60_000 });
  const before = await countOf('failed');
  for (let count = 0; count < 1200; count += 1) exposures.record(request, answer);
  await exposures.close();
  expect(paper.calls).toHaveLength(1);
  expect(await countOf('failed')).toBe(before + 1200);
});

test('closing has one deadline, for what is being sent and for what waits', async () => {
  const counting = new CountingClock();
  const paper = new Paper();
  const log = Promise.withResolvers<void>();
  paper.gate = log.promise;
  const exposures = new Exposures({ log: paper, clock: counting, random, lingerMs: 1 });
  for (let count = 0; count < 1200; count += 1) exposures.record(request, answer);
  await expect.poll(() => paper.calls.length).toBe(1);
  for (let count = 0; count < 1200; count += 1) exposures.record(request, answer);
  expect(counting.timeouts).toBe(1);
  const closing = exposures.close();
  log.resolve();
  await closing;
  expect(paper.records).toHaveLength(2400);
  // One of the batch that was on its way, and one of the closing for the five after it.
  expect(counting.timeouts).toBe(2);
});

test('closing sends what waits, takes no more, and is harmless twice', async () => {
  const paper = new Paper();
  const exposures = open(paper, { lingerMs: 60_000 });
  exposures.record(request, answer);
  await Promise.all([exposures.close(), exposures.close()]);
  exposures.record(request, answer);
  await exposures.close();
  expect(paper.records).toHaveLength(1);
});
