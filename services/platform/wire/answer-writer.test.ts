import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { chorus } from '../../../proto/generated/public.js';
import type { RankedItem, Recommendation } from '../../domain/recommendation.ts';
import { encodeRecommendation, encodeRemembered } from './answer-writer.ts';
import { RememberedAnswer, RememberedContent } from './remembered-answer.ts';
import { recommendationFromWire, recommendationToWire } from './recommendation-codec.ts';

const text = fc.string({ unit: 'grapheme' });
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const micros = fc.nat(2 ** 31);
const status = fc.constantFrom('answered', 'late', 'absent', 'failed');
const explanation = fc.record({
  base: number,
  experts: fc.array(fc.record({ expert: text, amount: number })),
  history: fc.array(fc.record({ itemId: text, amount: number })),
  other: number,
});
const plainItem = fc.record({ itemId: text, title: text, score: number });
const explainedItem = fc.record({ itemId: text, title: text, score: number, explanation });

function answers(items: fc.Arbitrary<RankedItem[]>): fc.Arbitrary<Recommendation> {
  return fc.record({
    requestId: text,
    bundle: text,
    userVersion: text,
    itemsVersion: text,
    items,
    experts: fc.array(fc.record({ expert: text, weight: number, status })),
    gates: fc.array(number),
    timings: fc.record({
      totalUs: micros,
      lookupUs: micros,
      featuresUs: micros,
      routeUs: micros,
      expertsUs: micros,
      rankUs: micros,
    }),
    degraded: fc.boolean(),
    cached: fc.boolean(),
    path: fc.constantFrom('user', 'session', 'popularity'),
    unknownCandidates: fc.array(text),
  });
}
const answer = fc.oneof(answers(fc.array(plainItem)), answers(fc.array(explainedItem)));
const wire = chorus.v1.RecommendResponse;

test('a caller reads what the generated encoder would have said', () => {
  fc.assert(
    fc.property(answer, (given) => {
      const { userVersion, itemsVersion, gates } = given;
      const versions = { userVersion, itemsVersion, gates };
      const generated = wire.encode(recommendationToWire(given)).finish();
      const expected = recommendationFromWire(wire.decode(generated), versions);
      const found = wire.decode(encodeRecommendation(given));
      expect(recommendationFromWire(found, versions)).toEqual(expected);
    }),
  );
});

/** Without prototypes, and with 0 for -0, which has no place on the wire. */
function plain(message: object): unknown {
  return JSON.parse(JSON.stringify(message));
}

test('is remembered without what was one request’s own, and shown again with another’s', () => {
  fc.assert(
    fc.property(answer, fc.boolean(), (given, isKnown) => {
      const { userVersion, itemsVersion } = given;
      const bytes = encodeRemembered(given);
      const { content, decoded } = RememberedContent.open(bytes);
      expect(chorus.v1.Answer.decode(bytes).gates).toEqual(decoded.gates);
      expect(content.isEmpty).toBe(given.items.length === 0);
      const { timings } = given;
      const own = { requestId: 'another', userVersion, itemsVersion, timings };
      const first = new RememberedAnswer(
        content,
        { ...own, requestId: '' },
        isKnown ? decoded : undefined,
      );
      const shown = first.shown({ requestId: 'another', timings });
      const expected = { ...given, ...own, cached: true };
      expect(plain(said(shown))).toEqual(plain(expected));
      const sent = wire.decode(encodeRecommendation(shown));
      expect(plain(sent)).toEqual(plain(wire.decode(encodeRecommendation(expected))));
    }),
  );
});

/** All fields of an answer that says some of them only when asked. */
function said(shown: RememberedAnswer): Recommendation {
  const { content: _content, ...own } = shown;
  const { bundle, items, experts, gates, degraded, path, unknownCandidates } = shown;
  return { ...own, bundle, items, experts, gates, degraded, path, unknownCandidates };
}

test('an answer that says something else of the same items is encoded anew', () => {
  const [given] = fc.sample(answers(fc.array(plainItem, { minLength: 1 })), 1);
  if (given === undefined) throw new Error('a sample was expected');
  const others = [
    { ...given, requestId: 'another', cached: !given.cached },
    { ...given, degraded: !given.degraded },
    { ...given, experts: [] },
    { ...given, unknownCandidates: ['x'] },
    { ...given, bundle: 'recommender/other' },
  ];
  encodeRecommendation(given);
  for (const other of others) {
    const found = wire.decode(encodeRecommendation(other));
    const expected = wire.decode(wire.encode(recommendationToWire(other)).finish());
    expect(plain(found)).toEqual(plain(expected));
  }
});
