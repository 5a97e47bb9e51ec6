/* oxlint-disable no-await-in-loop -- the order of the calls is what is tested */
import { fork } from 'node:child_process';
import { createHook } from 'node:async_hooks';
import { once } from 'node:events';
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { freePort } from '../../../test/servers/free-port.ts';
import { kafka as kafkaServer } from '../../../test/servers/kafka.ts';
import { deadTopic, type Topic } from '../../domain/topics.ts';
import { RealClock } from '../clock/real-clock.ts';
import { RealRandom } from '../random/real-random.ts';
import { logger } from '../telemetry/logger.ts';
import { KafkaEventLog, type KafkaEventLogOptions } from './kafka-event-log.ts';
import { Notes, outgoing, texts, uniqueName } from './log-under-test.contract.ts';

const { kafka } = inject('servers');
const note = kafka === undefined ? ' (skipped: no Kafka here)' : '';
const clock = new RealClock();
const patience = { timeout: 40_000, interval: 20 };

async function connect(
  broker: string,
  about: Partial<KafkaEventLogOptions> = {},
): Promise<KafkaEventLog> {
  const random = new RealRandom();
  const log = await KafkaEventLog.connect({ brokers: [broker], clock, random, ...about });
  onTestFinished(async () => log.close());
  return log;
}

async function newTopic(log: KafkaEventLog, partitions: number): Promise<Topic> {
  const name = uniqueName('kafka-only');
  const topic = { name, partitions, retentionMs: 600_000, durable: true, compacted: false };
  await log.ensureTopics([topic, deadTopic(topic)]);
  return topic;
}

describe.skipIf(kafka === undefined)(`what only Kafka can do to a log${note}`, () => {
  const broker = kafka ?? '';

  it('is told which topics to compact and how long to keep the others', async () => {
    const log = await connect(broker);
    const kept = { ...(await newTopic(log, 1)), name: uniqueName('kept'), retentionMs: 86_400_000 };
    const compacted = { ...kept, name: uniqueName('compacted'), compacted: true };
    await log.ensureTopics([kept, compacted]);
    const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    onTestFinished(async () => admin.disconnect());
    const type = ConfigResourceTypes.TOPIC;
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [kept.name, compacted.name].map((name) => ({ type, name })),
    });
    const settings = resources.map(({ configEntries }) =>
      Object.fromEntries(
        configEntries.map(({ configName, configValue }) => [configName, configValue]),
      ),
    );
    expect(settings[0]).toMatchObject({ 'cleanup.policy': 'delete', 'retention.ms': '86400000' });
    expect(settings[1]).toMatchObject({ 'cleanup.policy': 'compact' });
  });

  it('rebalances in mid-batch: what stays goes on, what goes is told, nothing is skipped', async () => {
    const log = await connect(broker, { sessionTimeoutMs: 3000 });
    const topic = await newTopic(log, 2);
    for (const partition of [0, 1]) {
      await log.publish(texts(3).map((value) => outgoing(topic, value, partition)));
    }
    const group = uniqueName('group');
    const release = Promise.withResolvers<void>();
    const begun = new Map<number, AbortSignal>();
    const first = new Notes();
    await log.consumeGroup({
      topic,
      group,
      handle: async (records, signal) => {
        const partition = records[0]?.partition ?? -1;
        begun.set(partition, signal);
        await release.promise;
        signal.throwIfAborted();
        first.take(records);
      },
    });
    await expect.poll(() => begun.size, patience).toBe(2);

    const second = new Notes();
    const other = await connect(broker, { sessionTimeoutMs: 3000 });
    await other.consumeGroup({ topic, group, handle: async (records) => second.take(records) });
    await expect.poll(() => second.records.length, patience).toBe(3);
    const moved = second.records[0]?.partition ?? -1;
    expect(begun.get(moved)?.aborted).toBe(true);
    expect(begun.get(1 - moved)?.aborted).toBe(false);

    release.resolve();
    for (const partition of [0, 1]) {
      await log.publish(texts(2, 'more').map((value) => outgoing(topic, value, partition)));
    }
    const all = [...texts(3), ...texts(2, 'more')];
    await expect
      .poll(() => first.records.length + second.records.length, patience)
      .toBe(2 * all.length);
    expect(second.texts).toEqual(all);
    // Not once more from the stored position: the partition was theirs all the time.
    expect(first.texts).toEqual(all);
    expect(first.records.every(({ partition }) => partition === 1 - moved)).toBe(true);
  });

  it('restarts its broker: readers resume by themselves, publishing works again, closing ends', async () => {
    const server = await kafkaServer.start();
    onTestFinished(async () => server.stop());
    const log = await connect(server.address);
    const topic = await newTopic(log, 1);
    const [slot, group] = [new Notes(), new Notes()];
    const presence: string[] = [];
    await log.readSlot({
      topics: [topic],
      partition: 0,
      handle: slot.take,
      onJoined: () => presence.push('joined'),
      onLost: () => presence.push('lost'),
    });
    await log.consumeGroup({
      topic,
      group: uniqueName('group'),
      handle: async (records) => group.take(records),
    });
    await expect.poll(() => presence, patience).toEqual(['joined']);
    await log.publish([outgoing(topic, 'before', 0)]);
    await expect
      .poll(() => [...slot.texts, ...group.texts], patience)
      .toEqual(['before', 'before']);

    await server.kill();
    await expect.poll(() => presence, patience).toEqual(['joined', 'lost']);
    expect(await log.isHealthy()).toBe(false);
    await server.restart();
    await expect.poll(() => presence, patience).toEqual(['joined', 'lost', 'joined']);
    await expect.poll(async () => log.isHealthy(), patience).toBe(true);
    await log.publish([outgoing(topic, 'after', 0)]);
    await expect.poll(() => slot.texts, patience).toEqual(['before', 'after']);
    // A group delivers at least once: the broker may have lost the position of the first record.
    await expect.poll(() => group.texts.at(-1), patience).toBe('after');

    await server.kill();
    const unsent = log.publish([outgoing(topic, 'unsent', 0)]);
    await expect(unsent).rejects.toMatchObject({ code: 'unavailable' });
    await log.close();
  }, 240_000);

  it('a slot owner is killed and restarted while another serves without a pause', async () => {
    const log = await connect(broker);
    const topic = await newTopic(log, 2);
    const arrivals: number[] = [];
    const joined = Promise.withResolvers<void>();
    await log.readSlot({
      topics: [topic],
      partition: 1,
      handle: () => arrivals.push(clock.monotonicUs() / 1000),
      onJoined: joined.resolve,
    });
    await joined.promise;
    const startOwner = async () => {
      const program = new URL('./kafka/slot-owner.contract.ts', import.meta.url);
      const owner = fork(program, [broker, topic.name, '0']);
      onTestFinished(() => void owner.kill('SIGKILL'));
      await once(owner, 'message');
      return owner;
    };
    const publishing = clock.every(10, () => {
      void log.publish([0, 1].map((partition) => outgoing(topic, 'x', partition)));
    });
    onTestFinished(() => publishing.cancel());

    const owner = await startOwner();
    await once(owner, 'message');
    const killedAt = arrivals.length;
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const restarted = await startOwner();
    await once(restarted, 'message');
    const gaps = arrivals
      .slice(killedAt)
      .map((at, index) => at - (arrivals[killedAt + index - 1] ?? at));
    const longestGapMs = Math.round(Math.max(...gaps));
    logger.info({ event: 'test.slot_owner_killed', longestGapMs, records: gaps.length });
    // Shared groups stood still for 24 s, most of the 30 s session.
    expect(longestGapMs).toBeLessThan(10_000);
  });

  it('sets fewer than 50 timers a second when idle', async () => {
    const log = await connect(broker);
    const topic = await newTopic(log, 1);
    const joined = Promise.withResolvers<void>();
    await log.readSlot({
      topics: [topic],
      partition: 0,
      handle: () => undefined,
      onJoined: joined.resolve,
    });
    await joined.promise;
    await log.publish([outgoing(topic, 'x', 0)]);
    const timers = new Set<number>();
    let fired = 0;
    const hook = createHook({
      init: (id, type) => void (type === 'Timeout' && timers.add(id)),
      before: (id) => void (timers.has(id) && (fired += 1)),
    }).enable();
    await clock.sleep(2000);
    hook.disable();
    expect(fired / 2).toBeLessThan(50);
  });

  it('names every topic that has fewer partitions than declared', async () => {
    const log = await connect(broker);
    const topics = [await newTopic(log, 1), await newTopic(log, 1), await newTopic(log, 2)];
    const declared = topics.map((topic) => ({ ...topic, partitions: 2 }));
    await expect(log.ensureTopics(declared)).rejects.toMatchObject({
      code: 'bad_setting',
      message: `Kafka topics have too few partitions: ${topics[0]?.name} has 1, not 2; ${topics[1]?.name} has 1, not 2`,
    });
  });

  it('sends records that together exceed a request in several', async () => {
    const log = await connect(broker);
    const topic = await newTopic(log, 1);
    const value = new Uint8Array(300_000);
    await log.publish(texts(10).map((key) => ({ topic, partition: 0, key, value })));
    const keys: string[] = [];
    for await (const record of log.replay(topic, 0, 0)) keys.push(record.key);
    expect(keys).toEqual(texts(10));
  });
});

describe('without a broker', () => {
  it('waits for it by name until told to stop', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const stop = new AbortController();
    const waiting = Promise.withResolvers<string>();
    const connected = connect(address, { signal: stop.signal, onWaiting: waiting.resolve });
    expect(await waiting.promise).toContain(`waiting for Kafka at ${address}`);
    stop.abort();
    await expect(connected).rejects.toMatchObject({ code: 'cancelled' });
  });
});
