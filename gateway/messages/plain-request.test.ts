import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { chorus } from '../../proto/generated/public.js';
import { checkMessage } from './check-message.ts';
import { plainRequest } from './plain-request.ts';
import { recommendBody, toRecommendRequest } from './recommend.ts';

const wire = chorus.v1.RecommendRequest;
const id = fc.oneof(
  { weight: 20, arbitrary: fc.stringMatching(/^[ -~]{1,12}$/) },
  fc.string({ unit: 'binary', maxLength: 140 }),
  fc.constantFrom('', 'x'.repeat(128), 'x'.repeat(129), 'tab\there', 'Ünïcode'),
);
const message = fc.record(
  {
    request_id: id,
    user_id: id,
    candidates: fc.record({ item_ids: fc.array(id, { maxLength: 6 }) }),
    exclude: fc.array(id, { maxLength: 4 }),
    top_n: fc.constantFrom(-1, 0, 1, 10, 500, 501),
    include_seen: fc.boolean(),
    explain: fc.boolean(),
    no_cache: fc.boolean(),
    context: fc.dictionary(fc.constantFrom('device'), fc.constantFrom('tv'), { maxKeys: 1 }),
  },
  { requiredKeys: [] },
);

test('whatever it lets pass, the schema lets pass too, as the same request', () => {
  let passed = 0;
  fc.assert(
    fc.property(message, (given) => {
      const found = plainRequest(Buffer.from(wire.encode(given).finish()));
      if (found === undefined) return;
      passed += 1;
      const { candidates, ...rest } = given;
      const body = { ...rest, ...(candidates && { candidates: candidates.item_ids }) };
      expect(found).toEqual(toRecommendRequest(checkMessage(recommendBody, body)));
    }),
    { numRuns: 1000 },
  );
  expect(passed).toBeGreaterThan(50);
});

test.each([
  ['a short one', { user_id: 'u' }, true],
  ['candidates', { user_id: 'u', candidates: { item_ids: ['a', 'b'] } }, true],
  ['a candidate twice', { user_id: 'u', candidates: { item_ids: ['a', 'a'] } }, false],
  ['no candidate', { user_id: 'u', candidates: { item_ids: [] } }, false],
  ['a session', { user_id: 'u', session: [{ item_id: 'a' }] }, false],
  ['nobody', {}, false],
  ['a context', { user_id: 'u', context: { device: 'tv' } }, false],
  ['text beyond ASCII, which may be fine', { user_id: 'Zoë' }, false],
])('%s', (_name, given, isPlain) => {
  const bytes = Buffer.from(wire.encode(given).finish());
  expect(plainRequest(bytes) !== undefined).toBe(isPlain);
});

test('bytes that are cut off, or are none, are left to the decoder', () => {
  const whole = wire
    .encode({
      user_id: 'somebody',
      candidates: { item_ids: ['a', 'b'] },
      top_n: 300,
      explain: true,
    })
    .finish();
  const bytes = Buffer.from(whole);
  expect(plainRequest(bytes)).toMatchObject({ topN: 300, explain: true, candidates: ['a', 'b'] });
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.uint8Array({ maxLength: 40 }), (length, noise) => {
      for (const odd of [bytes.subarray(0, length), Buffer.from(noise)]) {
        const found = plainRequest(odd);
        if (found === undefined) continue;
        const { user_id, candidates, top_n } = wire.decode(odd);
        expect(found).toMatchObject({ userId: user_id, topN: top_n ?? 10 });
        expect(found.candidates).toEqual(candidates?.item_ids);
      }
    }),
  );
});
