import type { Clock } from '../../clock/clock.ts';
import type { GroupReader, OutgoingRecord, Subscription } from '../event-log.ts';
import { GroupDelivery } from '../group-delivery.ts';
import type { EmbeddedTopic } from './embedded-topic.ts';
import { PartitionReader } from './partition-reader.ts';

/** One joining of the group; the same reader may join twice. */
interface Member {
  readonly reader: GroupReader;
}

/** A partition and who reads it now. */
interface Share {
  readonly partition: number;
  owner: Member | undefined;
  reader: PartitionReader | undefined;
  /** The last of the changes under way; the next one waits for it. */
  changed: Promise<void>;
}

/** Members of one group on one topic, in this process: shares the partitions out among them. */
export class ConsumerGroup {
  readonly #topic: EmbeddedTopic;
  readonly #publishDead: (record: OutgoingRecord) => Promise<void>;
  readonly #clock: Clock;
  readonly #members: Member[] = [];
  readonly #shares: readonly Share[];

  constructor(
    topic: EmbeddedTopic,
    publishDead: (record: OutgoingRecord) => Promise<void>,
    clock: Clock,
  ) {
    this.#topic = topic;
    this.#publishDead = publishDead;
    this.#clock = clock;
    this.#shares = Array.from({ length: topic.store.partitions }, (_, partition) => ({
      partition,
      owner: undefined,
      reader: undefined,
      changed: Promise.resolve(),
    }));
  }

  /** Adds a member and gives it its share. */
  join(reader: GroupReader): Subscription {
    const member = { reader };
    this.#members.push(member);
    this.#share();
    let left: Promise<void> | undefined;
    return {
      close: async () => {
        left ??= this.#leave(member);
        return left;
      },
    };
  }

  async #leave(member: Member): Promise<void> {
    this.#members.splice(this.#members.indexOf(member), 1);
    // Stopped, not lost: its handlers may finish, and what they finish counts.
    const own = this.#shares.filter(({ owner }) => owner === member);
    await Promise.all(own.map(async ({ reader }) => reader?.stop()));
    this.#share();
    await this.#topic.positions.flush();
  }

  #share(): void {
    for (const share of this.#shares) {
      share.changed = share.changed.then(async () => this.#handOver(share));
    }
  }

  /** Gives a partition to whom it belongs by now, after the one before has let go of it. */
  async #handOver(share: Share): Promise<void> {
    if (this.#ownerOf(share) === share.owner) return;
    await share.reader?.lose();
    // Asked again, because members may have come and gone while the handler finished.
    share.owner = this.#ownerOf(share);
    share.reader = share.owner && this.#read(share.partition, share.owner.reader);
  }

  #ownerOf({ partition }: Share): Member | undefined {
    return this.#members[partition % this.#members.length];
  }

  #read(partition: number, reader: GroupReader): PartitionReader {
    const delivery = new GroupDelivery(reader, this.#publishDead, this.#clock);
    return new PartitionReader(this.#topic, partition, reader, { delivery, clock: this.#clock });
  }
}
