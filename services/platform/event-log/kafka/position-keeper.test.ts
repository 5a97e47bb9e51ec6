import { describe, expect, it } from 'vitest';
import { RealClock } from '../../clock/real-clock.ts';
import { PositionKeeper } from './position-keeper.ts';

/** A coordinator that notes what it is told, and refuses while it is told to. */
class Coordinator {
  readonly stored: Record<number, string>[] = [];
  isRefusing = false;

  readonly keeper = new PositionKeeper('t', new RealClock());

  constructor() {
    this.keeper.store = async ({ topics }) => {
      if (this.isRefusing) throw new Error('REBALANCE_IN_PROGRESS');
      const partitions = topics.flatMap((topic) => topic.partitions);
      this.stored.push(
        Object.fromEntries(partitions.map(({ partition, offset }) => [partition, offset])),
      );
    };
  }
}

describe('the position keeper', () => {
  it('stores many steps at once, in the background', async () => {
    const { keeper, stored } = new Coordinator();
    keeper.note(0, 1);
    keeper.note(0, 2);
    keeper.note(3, 7);
    expect(stored).toEqual([]);
    await expect.poll(() => stored).toEqual([{ 0: '2', 3: '7' }]);
  });

  it('stores nothing twice', async () => {
    const { keeper, stored } = new Coordinator();
    keeper.note(0, 5);
    await keeper.flush();
    await keeper.close();
    expect(stored).toEqual([{ 0: '5' }]);
  });

  it('tries again by itself what the coordinator refused', async () => {
    const coordinator = new Coordinator();
    coordinator.isRefusing = true;
    coordinator.keeper.note(0, 5);
    await coordinator.keeper.flush();
    coordinator.isRefusing = false;
    await expect.poll(() => coordinator.stored).toEqual([{ 0: '5' }]);
  });

  it('never stores for a partition that was lost', async () => {
    const { keeper, stored } = new Coordinator();
    keeper.note(0, 5);
    keeper.note(1, 9);
    keeper.drop(0);
    await keeper.close();
    expect(stored).toEqual([{ 1: '9' }]);
  });
});
