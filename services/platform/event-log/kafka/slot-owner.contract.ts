import { RealClock } from '../../clock/real-clock.ts';
import { RealRandom } from '../../random/real-random.ts';
import { KafkaEventLog } from '../kafka-event-log.ts';

/** A process that owns a slot, for tests that kill it: `node slot-owner.contract.ts broker topic partition`. */
async function own(broker: string, name: string, partition: number): Promise<void> {
  const log = await KafkaEventLog.connect({
    brokers: [broker],
    clock: new RealClock(),
    random: new RealRandom(),
  });
  await log.readSlot({
    topics: [{ name, partitions: 2, retentionMs: 60_000, durable: false, compacted: false }],
    partition,
    handle: (records) => void process.send?.(records.length),
    onJoined: () => void process.send?.('joined'),
  });
}

const [, , broker = '', topic = '', partition = ''] = process.argv;
await own(broker, topic, Number(partition));
