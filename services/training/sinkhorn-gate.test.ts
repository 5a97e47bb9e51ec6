import { beforeAll, describe, expect, it } from 'vitest';
import { type Gate, gateProbabilities } from './gate-probabilities.ts';
import { type RoutingFigures, routingFigures } from './routing-metrics.ts';
import { SeededRandom } from './seeded-random.ts';
import { fitGate } from './sinkhorn-gate.ts';
import { KernelThreads } from './threads/kernel-threads.ts';

const width = 6;
const limits = { threshold: 0.8, minExperts: 2, maxExperts: 4 };

/** Users around a few centres of very unequal size, which a plain clustering would not balance. */
function lopsidedUsers(count: number): Float64Array {
  const random = new SeededRandom(11);
  const centres = Array.from({ length: 5 }, () =>
    Array.from({ length: width }, () => random.normal()),
  );
  return Float64Array.from(
    Array.from({ length: count }, () => {
      const centre = centres[Math.floor(5 * random.uniform() ** 2.5)] ?? [];
      return centre.map((value) => value + 0.6 * random.normal());
    }).flat(),
  );
}

async function fit(users: Float64Array): Promise<Gate> {
  const target = { meanExperts: 2.7, minExperts: 2, maxExperts: 4 };
  const wanted = { experts: 8, entropyBits: 1.2, limits: target, random: new SeededRandom(1) };
  return await fitGate(users, width, wanted, { threads: new KernelThreads(0) });
}

describe('fitGate', () => {
  const users = lopsidedUsers(400);
  let gate: Gate;
  let figures: RoutingFigures;
  beforeAll(async () => {
    gate = await fit(users);
    figures = routingFigures(gateProbabilities(gate, users, width), 8, limits);
  });

  it('reaches balance and the entropy asked for together', () => {
    expect(figures.balanceLoss).toBeCloseTo(0.01, 3);
    expect(figures.entropyBits).toBeCloseTo(1.2, 2);
  });

  it('tells users apart: three bits less the entropy, or a little less', () => {
    expect(figures.mutualInformationBits).toBeGreaterThan(1.75);
    expect(figures.mutualInformationBits).toBeLessThan(1.81);
  });

  it('sees the direction of a user vector, not its length', () => {
    const longer = gateProbabilities(
      gate,
      users.map((value) => 7 * value),
      width,
    );
    gateProbabilities(gate, users, width).forEach((p, at) => expect(longer[at]).toBeCloseTo(p, 9));
  });

  it('leaves out users without a taste', async () => {
    const withEmpty = Float64Array.from([...users, ...Array(width * 200).fill(0)]);
    expect(await fit(withEmpty)).toEqual(gate);
  });
});
