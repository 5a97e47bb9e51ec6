import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChorusError } from '../domain/errors.ts';
import type { RecommendRequest } from '../domain/recommendation.ts';
import { unknownUser, unknownUserVersion, type UserState } from '../domain/user-state.ts';
import { RealClock } from '../platform/clock/real-clock.ts';
import { gateProbabilities } from './gate.ts';
import { addExperts, scaleUser } from './head.ts';
import { knownHistory, type KnownHistory } from './history.ts';
import { PreparedUsers } from './prepared-users.ts';
import { scoreRows } from './rank-items.ts';
import { sequenceScores } from './sequence-scores.ts';
import { tinyBundle } from './tiny-bundle.contract.ts';

const bundle = tinyBundle(12, Math.random);
const everyRow = Int32Array.from(bundle.items, (_, row) => row);
/** Longer than any test waits. */
const patient = 60_000;

const request: RecommendRequest = {
  requestId: 'r',
  tenant: 't',
  userId: 'u',
  session: [],
  candidates: undefined,
  exclude: [],
  topN: 3,
  includeSeen: false,
  context: {},
  explain: false,
  noCache: false,
};

function stateOf(version: string, ...itemIds: readonly string[]): UserState {
  return { version, history: itemIds.map((itemId) => ({ itemId, weight: 1, timeMs: 0 })) };
}

/** Records of one user, and a fold-in that can be held up or made to fail. */
class World {
  state: UserState = stateOf('v1', 'i1', 'i2');
  loads = 0;
  folds = 0;
  failure: Error | undefined;
  gate: Promise<void> = Promise.resolve();
  readonly users: PreparedUsers;

  constructor(maxBytes?: number) {
    this.users = new PreparedUsers({
      bundle,
      clock: new RealClock(),
      base: { of: (history) => this.#fold(history) },
      load: () => {
        this.loads += 1;
        return Promise.resolve(this.state);
      },
      ...(maxBytes !== undefined && { maxBytes }),
    });
  }

  async ask(version: string, patienceMs = patient, asked = request) {
    return (
      this.users.ready(asked, version) ?? (await this.users.prepare(asked, version, patienceMs))
    );
  }

  async #fold({ rows }: Pick<KnownHistory, 'rows'>): Promise<readonly Float32Array[]> {
    this.folds += 1;
    const { gate, failure } = this;
    await gate;
    if (failure !== undefined) throw failure;
    return bundle.baseBlocks.map(({ width }) => {
      return Float32Array.from({ length: width }, (_, at) => Math.sin(at + rows.length));
    });
  }
}

test('a user is prepared once, for whatever is asked', async () => {
  const world = new World();
  const first = await world.ask('v1');
  const second = await world.ask('v1', patient, { ...request, exclude: ['i5'], topN: 7 });
  expect(second).toBe(first);
  expect([world.loads, world.folds]).toEqual([1, 1]);
});

test('requests that come together share the work', async () => {
  const world = new World();
  const users = await Promise.all([world.ask('v1'), world.ask('v1'), world.ask('v1')]);
  expect(new Set(users).size).toBe(1);
  expect([world.loads, world.folds]).toEqual([1, 1]);
});

test('a failure is shared by those who wait, and tried again by the next', async () => {
  const world = new World();
  world.failure = new ChorusError('model_failed', 'no');
  const asked = await Promise.allSettled([world.ask('v1'), world.ask('v1')]);
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  world.failure = undefined;
  await expect(world.ask('v1')).resolves.toMatchObject({ version: 'v1' });
  expect(world.folds).toBe(2);
});

describe('a new version', () => {
  test('is never answered from the older one', async () => {
    const world = new World();
    await world.ask('v1');
    world.state = stateOf('v2', 'i3');
    expect(world.users.ready(request, 'v2')).toBeUndefined();
    const user = await world.ask('v2');
    expect(user).toMatchObject({ version: 'v2', isBaseOld: false });
    expect([...user.history.rows]).toEqual([3]);
  });

  test('that the state is ahead of is kept as what it is', async () => {
    const world = new World();
    world.state = stateOf('v2', 'i3');
    const user = await world.ask('v1');
    expect(user.version).toBe('v2');
    expect(world.users.ready(request, 'v2')).toBe(user);
    expect(world.users.ready(request, 'v1')).toBeUndefined();
  });

  test('whose u0 is late borrows the last one, marked, with everything else its own', async () => {
    const world = new World();
    const before = await world.ask('v1');
    const late = Promise.withResolvers<void>();
    world.gate = late.promise;
    world.state = stateOf('v2', 'i3');
    const borrowed = await world.ask('v2', 1);
    expect(borrowed).toMatchObject({ version: 'v2', isBaseOld: true, vectors: before.vectors });
    expect([...borrowed.history.rows]).toEqual([3]);
    expect(world.users.ready(request, 'v2')).toBeUndefined();
    late.resolve();
    const own = await world.ask('v2');
    expect(own.isBaseOld).toBe(false);
    expect(own.vectors).not.toEqual(before.vectors);
    expect(world.folds).toBe(2);
  });

  test('whose fold-in fails borrows too', async () => {
    const world = new World();
    await world.ask('v1');
    world.failure = new ChorusError('model_failed', 'no');
    world.state = stateOf('v2', 'i3');
    await expect(world.ask('v2')).resolves.toMatchObject({ version: 'v2', isBaseOld: true });
  });

  test('with nobody to borrow from waits', async () => {
    const world = new World();
    const late = Promise.withResolvers<void>();
    world.gate = late.promise;
    let isThere = false;
    const asking = world.ask('v1', 0).then((user) => {
      isThere = true;
      return user;
    });
    await expect.poll(() => world.folds).toBe(1);
    expect(isThere).toBe(false);
    late.resolve();
    await expect(asking).resolves.toMatchObject({ isBaseOld: false });
  });
});

test('who was deleted is nobody, and lends nothing to who takes the id', async () => {
  const world = new World();
  await world.ask('v1');
  world.state = unknownUser;
  const gone = await world.ask(unknownUserVersion);
  expect(gone.history).toMatchObject({ path: 'popularity' });
  expect(gone.history.rows).toHaveLength(0);
  const late = Promise.withResolvers<void>();
  world.gate = late.promise;
  world.state = stateOf('v9', 'i3');
  const asking = world.ask('v9', 0);
  late.resolve();
  await expect(asking).resolves.toMatchObject({ version: 'v9', isBaseOld: false });
});

test('who was deleted while being prepared does not come back', async () => {
  const world = new World();
  const late = Promise.withResolvers<void>();
  world.gate = late.promise;
  const asking = world.ask('v1');
  await expect.poll(() => world.folds).toBe(1);
  await world.ask(unknownUserVersion);
  late.resolve();
  await asking;
  expect(world.users.ready(request, 'v1')).toBeUndefined();
});

test('an older version that is ready late does not replace the newer one', async () => {
  const world = new World();
  const late = Promise.withResolvers<void>();
  world.gate = late.promise;
  const old = world.ask('v1');
  await expect.poll(() => world.folds).toBe(1);
  world.gate = Promise.resolve();
  world.state = stateOf('v2', 'i3');
  const user = await world.ask('v2');
  late.resolve();
  await expect(old).resolves.toMatchObject({ version: 'v1' });
  expect(world.users.ready(request, 'v2')).toBe(user);
});

test('a session makes a user of its own, which nobody else gets', async () => {
  const world = new World();
  const session = [{ itemId: 'i4', type: 'click', value: 1, timeMs: 0 }];
  const user = await world.ask('v1', patient, { ...request, session });
  expect([...user.history.rows]).toEqual([1, 2, 4]);
  expect(world.users.ready(request, 'v1')).toBeUndefined();
  const again = await world.ask('v1', patient, { ...request, session });
  expect(again).not.toBe(user);
});

test('users of one name in two tenants are two', async () => {
  const world = new World();
  await world.ask('v1');
  expect(world.users.ready({ ...request, tenant: 'other' }, 'v1')).toBeUndefined();
});

test('room is bounded: who was not asked for longest leaves', async () => {
  const world = new World(4096);
  for (const userId of ['a', 'b', 'c', 'd', 'e', 'f']) {
    // oxlint-disable-next-line no-await-in-loop -- in this order
    await world.ask('v1', patient, { ...request, userId });
  }
  expect(world.users.ready({ ...request, userId: 'a' }, 'v1')).toBeUndefined();
  expect(world.users.ready({ ...request, userId: 'f' }, 'v1')).toBeDefined();
});

test('gives the scores that computing everything anew gives', async () => {
  const row = fc.nat({ max: 11 });
  const number = fc.float({ min: -2, max: 2, noNaN: true });
  const experts = fc.option(fc.array(number, { minLength: 4, maxLength: 4 }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 20 }), experts, async (rows, mixed) => {
      const world = new World();
      world.state = stateOf('v1', ...rows.map((each) => `i${each}`));
      const prepared = await world.ask('v1');
      const z = mixed && Float32Array.from(mixed);
      const scaled = addExperts(bundle, prepared.base, z);
      const found = scoreRows(bundle, scaled, prepared.sequence, everyRow);

      const history = knownHistory(bundle, world.state.history, []);
      const user = scaleUser(bundle, prepared.vectors, z);
      const expected = scoreRows(bundle, user, sequenceScores(bundle, history.rows), everyRow);
      for (const [at, score] of expected.entries()) {
        expect(Math.abs((found[at] ?? NaN) - score)).toBeLessThanOrEqual(1e-6);
      }
      const { gate } = bundle.parameters;
      const [vector = new Float32Array(0)] = prepared.vectors;
      expect(prepared.probabilities).toEqual(gateProbabilities(gate, vector));
    }),
  );
});
