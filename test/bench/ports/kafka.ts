import type { Topic } from '../../../services/domain/topics.ts';
import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import { KafkaEventLog } from '../../../services/platform/event-log/kafka-event-log.ts';
import { RealRandom } from '../../../services/platform/random/real-random.ts';
import { kafka as server } from '../../servers/kafka.ts';
import type { RunningServer } from '../../servers/server-kind.ts';
import { atMost, type Bench, type Goal, type Measurement } from './bench.ts';
import { cpuUsOf, ownCpuUs } from './cpu.ts';
import type { KafkaIdler } from './kafka-idle-process.ts';
import type { KafkaReader } from './kafka-reader-process.ts';
import { expertTopics, slot, taskBytes, taskRecord } from './kafka-sample.ts';
import { openLoop } from './load.ts';
import { Peer } from './peer.ts';

/** A fresh JVM spends four times the CPU on a record; after this it is compiled. */
const warmUpMs = 12_000;
const windowMs = 4000;
const generatorMs = 1000;

/** The event log on Kafka: producer here, broker and reader in processes of their own. */
export const kafka: Measurement = {
  title: `Event log on Kafka: producer, broker and slot reader in a process each, ${taskBytes}-byte records`,
  runsOn: ['kafkajs', 'Apache Kafka', 'Java'],
  whyMissing: () => server.whyMissing(),
  run: async (bench) => {
    const broker = await server.start();
    try {
      await measureTraffic(bench, broker);
      await measureGenerator(bench);
      await measureRest(bench, broker);
    } finally {
      await broker.stop();
    }
  },
};

async function measureTraffic(bench: Bench, broker: RunningServer): Promise<void> {
  const [direct, lingering] = await Promise.all([connect(broker, 0), connect(broker, 3)]);
  const reader = new Peer<KafkaReader>(new URL('kafka-reader-process.ts', import.meta.url));
  const one = expertTopics(1, 'one');
  const eight = expertTopics(8, 'eight');
  const topics = [...one, ...eight];
  try {
    await direct.ensureTopics(topics);
    await reader.ask('open', { broker: broker.address, topics, partition: slot });
    const run = async (log: KafkaEventLog, load: Load) => window(reader, broker, log, load);
    const busy = {
      topics: one,
      perSecond: 6000,
      recordsPerCall: 1,
      forMs: bench.lasting(windowMs),
    };
    const calm = { ...busy, perSecond: 500 };
    const requests = { ...busy, topics: eight, recordsPerCall: 2 };

    bench.say('warming the broker up');
    await run(lingering, { ...busy, forMs: bench.lasting(warmUpMs) });
    await run(direct, calm);
    const calmly = await bench.repeat('500 records/s, no linger', () => run(direct, calm));
    bench.add('500/s, linger 0: publish to handled, P50', 'ms', calmly('p50Ms'), atMost(1.5));
    bench.add('500/s, linger 0: publish to handled, P95', 'ms', calmly('p95Ms'));
    addShares(bench, '500/s, linger 0', calmly);
    const busily = await bench.repeat('6,000 records/s, linger 3 ms', () => run(lingering, busy));
    addShares(bench, '6,000/s, linger 3 ms', busily, atMost(140));
    bench.add('6,000/s, linger 3 ms: publish to handled, P50', 'ms', busily('p50Ms'));
    bench.add('6,000/s, linger 3 ms: publish to handled, P95', 'ms', busily('p95Ms'));
    await run(lingering, requests);
    const spread = await bench.repeat('8 topics, 3,000 × 2 records/s', () =>
      run(lingering, requests),
    );
    addShares(bench, '3,000/s × 2 of 8 topics, linger 3 ms', spread);
    await reader.ask('close');
  } finally {
    await reader.stop();
    await Promise.all([direct.close(), lingering.close()]);
  }
}

/** What the load generator adds to the producer's figures: its ticks, and the making of records. */
async function measureGenerator(bench: Bench): Promise<void> {
  const [topic] = expertTopics(1, 'one');
  if (topic === undefined) return;
  const forMs = bench.lasting(generatorMs);
  for (const perSecond of [500, 6000]) {
    const generate = async () => {
      const cpuUs = ownCpuUs();
      let made = 0;
      const begin = (): void => void taskRecord(topic, `request-${(made += 1)}`);
      const begun = await openLoop({ forMs, perSecond, begin });
      return { us: (ownCpuUs() - cpuUs) / begun };
    };
    // oxlint-disable-next-line no-await-in-loop -- two at once would measure each other
    const alone = await bench.repeat(`the load generator at ${perSecond}/s`, generate);
    bench.add(`load generator alone, ${perSecond}/s: CPU per record`, 'µs', alone('us'));
  }
}

function addShares(
  bench: Bench,
  load: string,
  shares: (share: 'allUs' | 'produceUs' | 'brokerUs' | 'consumeUs') => readonly number[],
  goal?: Goal,
): void {
  bench.add(`${load}: CPU per record, all three`, 'µs', shares('allUs'), goal);
  bench.add(`${load}: CPU per record, producer`, 'µs', shares('produceUs'));
  bench.add(`${load}: CPU per record, broker`, 'µs', shares('brokerUs'));
  bench.add(`${load}: CPU per record, slot reader`, 'µs', shares('consumeUs'));
}

async function measureRest(bench: Bench, { address }: RunningServer): Promise<void> {
  await withIdler(async (idler) => {
    await idler.ask('open', { broker: address });
    const rest = await bench.repeat('idle', async () => ({
      percent: await idler.ask('rest', { forMs: bench.lasting(10_000) }),
    }));
    const what = 'idle producer and slot reader (8 topics): CPU';
    bench.add(what, '% of a core', rest('percent'), atMost(1));
  });
  // Watching timers costs CPU, so they are counted in a process of their own.
  await withIdler(async (idler) => {
    await idler.ask('watchTimers');
    await idler.ask('open', { broker: address });
    const fired = await bench.repeat('timers of an idle process', async () => ({
      perSecond: await idler.ask('countTimers', { forMs: bench.lasting(3000) }),
    }));
    bench.add('idle producer and slot reader: timers fired', 'per s', fired('perSecond'));
  });
}

async function withIdler(use: (idler: Peer<KafkaIdler>) => Promise<void>): Promise<void> {
  const idler = new Peer<KafkaIdler>(new URL('kafka-idle-process.ts', import.meta.url));
  try {
    await use(idler);
    await idler.ask('close');
  } finally {
    await idler.stop();
  }
}

interface Load {
  readonly topics: readonly Topic[];
  readonly perSecond: number;
  /** Records that are handed over together, each of another topic. */
  readonly recordsPerCall: number;
  readonly forMs: number;
}

/** One window: sends, waits until all is handled, and shares out the CPU time. */
async function window(
  reader: Peer<KafkaReader>,
  broker: RunningServer,
  log: KafkaEventLog,
  { topics, perSecond, recordsPerCall, forMs }: Load,
) {
  await reader.ask('begin');
  // Looking at /proc costs milliseconds: outside of what is counted as the producer's.
  const brokerCpuUs = cpuUsOf(broker.pid);
  const cpuUs = ownCpuUs();
  const failures: unknown[] = [];
  let made = 0;
  const begin = (): void => {
    const records = Array.from({ length: recordsPerCall }, () => {
      made += 1;
      const topic = topics[made % topics.length];
      if (topic === undefined) throw new Error('a load needs topics');
      return taskRecord(topic, `request-${made}`);
    });
    log.publish(records).catch((error: unknown) => failures.push(error));
  };
  await openLoop({ forMs, perSecond: perSecond / recordsPerCall, begin });
  const { cpuUs: readerCpuUs, p50Ms, p95Ms } = await reader.ask('end', { records: made });
  if (failures.length > 0) throw new Error('some records were not sent', { cause: failures[0] });
  const produceUs = (ownCpuUs() - cpuUs) / made;
  const brokerUs = (cpuUsOf(broker.pid) - brokerCpuUs) / made;
  const consumeUs = readerCpuUs / made;
  return { p50Ms, p95Ms, produceUs, brokerUs, consumeUs, allUs: produceUs + brokerUs + consumeUs };
}

async function connect({ address }: RunningServer, lingerMs: number): Promise<KafkaEventLog> {
  const tools = { clock: new RealClock(), random: new RealRandom() };
  return KafkaEventLog.connect({ brokers: [address], lingerMs, ...tools });
}
