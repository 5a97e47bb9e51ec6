import kafkajs, { type PartitionAssigner } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { ownPartitionAssigner } from './own-partition-assigner.ts';

describe('the own-partition assigner', () => {
  it('gives each member its number on the topics it asked for, and on no other', async () => {
    const assigner = create(ownPartitionAssigner(5));
    const member = (memberId: string, topics: string[]) => {
      const { metadata } = assigner.protocol({ topics });
      return { memberId, memberMetadata: metadata };
    };
    const assigned = await assigner.assign({
      members: [member('a', ['one', 'two']), member('b', ['three'])],
      topics: ['one', 'two', 'three'],
    });
    const decoded = assigned.map(({ memberId, memberAssignment }) => [
      memberId,
      kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment,
    ]);
    expect(decoded).toEqual([
      ['a', { one: [5], two: [5] }],
      ['b', { three: [5] }],
    ]);
  });
});

/** It reads neither the cluster nor the logger that kafkajs would hand over. */
function create(assigner: PartitionAssigner): ReturnType<PartitionAssigner> {
  const nothing: unknown = {};
  return Reflect.apply(assigner, undefined, [nothing]);
}
