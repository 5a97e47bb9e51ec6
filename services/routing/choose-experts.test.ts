import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseExperts } from './choose-experts.ts';

const names = ['1', '2', '3', '4', '5', '6', '7', '8'];
const limits = { threshold: 0.8, minExperts: 2, maxExperts: 4 };
const everybody = () => true;

test('a peaked gate chooses two experts, a flat one four', () => {
  const peaked = chooseExperts(
    names,
    Float32Array.of(0.9, 0.1, 0, 0, 0, 0, 0, 0),
    limits,
    everybody,
  );
  expect(peaked.choices.map(({ expert }) => expert)).toEqual(['1', '2']);
  const flat = chooseExperts(names, new Float32Array(8).fill(1 / 8), limits, everybody);
  expect(flat.choices.map(({ expert }) => expert)).toEqual(['1', '2', '3', '4']);
});

test('the next-best present expert takes the place of an absent one', () => {
  const route = chooseExperts(
    names,
    Float32Array.of(0.5, 0.4, 0.06, 0.04, 0, 0, 0, 0),
    limits,
    (expert) => expert !== '1',
  );
  expect(route.choices.map(({ expert }) => expert)).toEqual(['2', '3']);
  expect(route.absent).toEqual(['1']);
});

test('nobody present: no choices, and the wanted ones are absent', () => {
  const route = chooseExperts(names, new Float32Array(8).fill(1 / 8), limits, () => false);
  expect(route.choices).toEqual([]);
  expect(route.absent).toHaveLength(4);
});

test('k distinct experts, sorted by probability, weights sum to one, all present', () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }),
      fc.uniqueArray(fc.constantFrom(...names)),
      (masses, away) => {
        const total = masses.reduce((sum, mass) => sum + mass, 0) || 1;
        const probabilities = Float32Array.from(masses, (mass) => mass / total);
        const route = chooseExperts(names, probabilities, limits, (name) => !away.includes(name));
        const chosen = route.choices.map(({ expert }) => expert);
        expect(new Set(chosen).size).toBe(chosen.length);
        expect(chosen.length).toBeLessThanOrEqual(4);
        expect(chosen.length).toBeGreaterThanOrEqual(Math.min(2, 8 - away.length));
        expect(chosen.some((expert) => away.includes(expert))).toBe(false);
        const weights = route.choices.map(({ weight }) => weight);
        expect(weights.toSorted((left, right) => right - left)).toEqual(weights);
        const sum = weights.reduce((all, weight) => all + weight, 0);
        expect(sum).toBeCloseTo(chosen.length > 0 ? 1 : 0, 6);
      },
    ),
    { numRuns: 2000 },
  );
});
