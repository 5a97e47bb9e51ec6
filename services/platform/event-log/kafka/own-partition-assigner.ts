import kafkajs, { type PartitionAssigner } from 'kafkajs';

/**
 * Gives each member one partition number on every topic it asked for. kafkajs has no way of reading
 * without a group, and its own assigner spreads all partitions of all topics over the members,
 * also over those that never asked for the topic.
 */
export function ownPartitionAssigner(partition: number): PartitionAssigner {
  const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;
  const name = 'chorus-own-partition';
  const version = 0;
  return () => ({
    name,
    version,
    protocol: ({ topics }) => ({
      name,
      metadata: MemberMetadata.encode({ version, topics, userData: Buffer.alloc(0) }),
    }),
    assign: async ({ members }) =>
      members.map(({ memberId, memberMetadata }) => {
        const topics = MemberMetadata.decode(memberMetadata)?.topics ?? [];
        const assignment = Object.fromEntries(topics.map((topic) => [topic, [partition]]));
        return {
          memberId,
          memberAssignment: MemberAssignment.encode({
            version,
            assignment,
            userData: Buffer.alloc(0),
          }),
        };
      }),
  });
}
