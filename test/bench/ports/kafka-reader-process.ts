import type { Topic } from '../../../services/domain/topics.ts';
import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import type { LogRecord } from '../../../services/platform/event-log/event-log.ts';
import { KafkaEventLog } from '../../../services/platform/event-log/kafka-event-log.ts';
import { RealRandom } from '../../../services/platform/random/real-random.ts';
import { ownCpuUs } from './cpu.ts';
import { sentAtUs } from './kafka-sample.ts';
import { machineUs } from './machine-clock.ts';
import { answerParent } from './peer.ts';
import { quantile } from './statistics.ts';

// A worker's reading side in a process of its own: one slot on all topics.

const clock = new RealClock();
let log: KafkaEventLog | undefined;
let latenciesUs: number[] = [];
let startCpuUs = 0;

function handle(records: readonly LogRecord[]): void {
  const nowUs = machineUs();
  for (const { value } of records) latenciesUs.push(nowUs - sentAtUs(value));
}

const answers = {
  open: async ({ broker, topics, partition }: ReaderPlan): Promise<void> => {
    log = await KafkaEventLog.connect({ brokers: [broker], clock, random: new RealRandom() });
    const joined = Promise.withResolvers<void>();
    await log.readSlot({ topics, partition, handle, onJoined: joined.resolve });
    await joined.promise;
  },
  begin: (): void => {
    latenciesUs = [];
    startCpuUs = ownCpuUs();
  },
  /** Waits until so many records have been handled since `begin`. */
  end: async ({ records }: { readonly records: number }): Promise<ReaderResult> => {
    while (latenciesUs.length < records) {
      // oxlint-disable-next-line no-await-in-loop -- looked at until it is so
      await clock.sleep(2, clock.timeout(10_000));
    }
    return {
      cpuUs: ownCpuUs() - startCpuUs,
      p50Ms: quantile(latenciesUs, 0.5) / 1000,
      p95Ms: quantile(latenciesUs, 0.95) / 1000,
    };
  },
  close: async (): Promise<void> => log?.close(),
};

interface ReaderPlan {
  readonly broker: string;
  readonly topics: readonly Topic[];
  readonly partition: number;
}

interface ReaderResult {
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** What this process answers. */
export type KafkaReader = typeof answers;

answerParent(answers);
