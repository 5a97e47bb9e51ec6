import { expect, test } from 'vitest';
import type { Route } from '../domain/routing.ts';
import { expertShares } from './expert-shares.ts';

const experts = ['answered', 'late', 'not held', 'refused', 'nobody there', 'broken', 'silent'];
const route: Route = {
  choices: experts.map((expert) => ({ expert, weight: 1 / experts.length })),
  probabilities: new Float32Array(0),
  absent: ['replaced'],
};

test('a worker that refuses or does not hold the bundle counts as absent', () => {
  const failures = new Map(
    (
      [
        ['not held', 'unknown_bundle'],
        ['refused', 'bundle_rejected'],
        ['nobody there', 'unavailable'],
        ['broken', 'model_failed'],
      ] as const
    ).map(([expert, code]) => [expert, { code, message: code }]),
  );
  const part = { weight: 1, vector: new Float32Array(0) };
  const combined = { parts: new Map([['answered', part]]) };
  const shares = expertShares(route, { replies: [], failures, late: ['late'] }, combined);
  expect(Object.fromEntries(shares.map(({ expert, status }) => [expert, status]))).toEqual({
    answered: 'answered',
    late: 'late',
    'not held': 'absent',
    refused: 'absent',
    'nobody there': 'absent',
    broken: 'failed',
    silent: 'failed',
    replaced: 'absent',
  });
  expect(shares.map(({ weight }) => weight)).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
});
