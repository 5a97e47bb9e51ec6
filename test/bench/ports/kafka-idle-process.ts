import { createHook } from 'node:async_hooks';
import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import { KafkaEventLog } from '../../../services/platform/event-log/kafka-event-log.ts';
import { RealRandom } from '../../../services/platform/random/real-random.ts';
import { ownCpuUs } from './cpu.ts';
import { expertTopics, slot, taskRecord } from './kafka-sample.ts';
import { answerParent } from './peer.ts';

// A process that publishes and reads, and has nothing to do.

const clock = new RealClock();
const topics = expertTopics(8, 'idle');
/** What joining set going has ended by then. */
const settleMs = 3000;
let log: KafkaEventLog | undefined;
let fired = 0;

const answers = {
  open: async ({ broker }: { readonly broker: string }): Promise<void> => {
    log = await KafkaEventLog.connect({ brokers: [broker], clock, random: new RealRandom() });
    await log.ensureTopics(topics);
    const joined = Promise.withResolvers<void>();
    const handled = Promise.withResolvers<void>();
    await log.readSlot({
      topics,
      partition: slot,
      handle: () => handled.resolve(),
      onJoined: joined.resolve,
    });
    await joined.promise;
    await log.publish(topics.map((topic) => taskRecord(topic, 'k')));
    await handled.promise;
    await clock.sleep(settleMs);
  },
  /** CPU time of a while, as a share of one core in percent. */
  rest: async ({ forMs }: { readonly forMs: number }): Promise<number> => {
    const cpuUs = ownCpuUs();
    const startUs = clock.monotonicUs();
    await clock.sleep(forMs);
    return (100 * (ownCpuUs() - cpuUs)) / (clock.monotonicUs() - startUs);
  },
  /** Begins to count timers; before `open`, for a hook sees only those that are made after it. */
  watchTimers: (): void => {
    const timers = new Set<number>();
    createHook({
      init: (id, type) => void (type === 'Timeout' && timers.add(id)),
      before: (id) => void (timers.has(id) && (fired += 1)),
    }).enable();
  },
  /** Timers that fired in a while, per second. */
  countTimers: async ({ forMs }: { readonly forMs: number }): Promise<number> => {
    const before = fired;
    const startUs = clock.monotonicUs();
    await clock.sleep(forMs);
    return (1e6 * (fired - before)) / (clock.monotonicUs() - startUs);
  },
  close: async (): Promise<void> => log?.close(),
};

/** What this process answers. */
export type KafkaIdler = typeof answers;

answerParent(answers);
