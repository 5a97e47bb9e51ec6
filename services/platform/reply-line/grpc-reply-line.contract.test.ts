import { afterEach, describe, expect, test } from 'vitest';
import { credentials, Client, status, type ServiceError } from '@grpc/grpc-js';
import { RealClock } from '../clock/real-clock.ts';
import { RealRandom } from '../random/real-random.ts';
import { replyLineMethod } from './grpc-stream.ts';
import { GrpcWorkerLine, type GrpcWorkerLineOptions } from './grpc-worker-line.ts';
import { replyLineContract } from './reply-line.contract.ts';
import {
  aggregatorEars,
  becomes,
  type HeardByAggregator,
  type HeardByWorker,
  presenceOf,
  replyOf,
  workerEars,
} from './contract/sample.ts';
import { LoneAggregatorLine } from './contract/lone-aggregator-line.ts';
import { startWorkerProcess } from './contract/worker-process.ts';
import { Wire } from '../aggregator-link/contract/wire.ts';

const clock = new RealClock();
const random = new RealRandom();

replyLineContract('GrpcAggregatorLine with GrpcWorkerLine', () => {
  const aggregator = new LoneAggregatorLine({ host: '127.0.0.1', port: 0 }, clock, random);
  const wires = new Map<string, Wire>();
  return {
    aggregator,
    attachWorker: async (workerId) => {
      const wire = await Wire.to(() => aggregator.port);
      wires.set(workerId, wire);
      return new GrpcWorkerLine({ workerId, aggregators: `127.0.0.1:${wire.port}` }, clock, random);
    },
    sever: (workerId) => wires.get(workerId)?.cut(),
    stall: () => wires.forEach((wire) => wire.stall()),
    resume: () => wires.forEach((wire) => wire.resume()),
    close: async () => {
      await Promise.all([...wires.values()].map((wire) => wire.close()));
    },
  };
});

describe('the gRPC reply line between processes', () => {
  const toClose: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of toClose.splice(0).toReversed()) {
      // oxlint-disable-next-line no-await-in-loop -- workers before their aggregators
      await close();
    }
  });

  async function openAggregator(
    port = 0,
    host = '127.0.0.1',
  ): Promise<[LoneAggregatorLine, HeardByAggregator]> {
    const line = new LoneAggregatorLine({ host, port }, clock, random);
    toClose.push(() => line.close());
    const ears = aggregatorEars();
    await line.open(ears);
    return [line, ears];
  }

  async function openWorker(
    options: Omit<GrpcWorkerLineOptions, 'workerId'>,
    workerClock = clock,
  ): Promise<[GrpcWorkerLine, HeardByWorker]> {
    const line = new GrpcWorkerLine({ workerId: 'w1', ...options }, workerClock, random);
    toClose.push(() => line.close());
    const ears = workerEars();
    await line.open(ears);
    line.announce(presenceOf('w1'));
    return [line, ears];
  }

  test('a worker of two aggregators sends each one its own replies', async () => {
    const [first, heardFirst] = await openAggregator();
    const [second, heardSecond] = await openAggregator();
    const [worker] = await openWorker({
      aggregators: `127.0.0.1:${first.port}, 127.0.0.1:${second.port}`,
    });
    await becomes(() => [heardFirst.events, heardSecond.events], [['present w1'], ['present w1']]);
    for (const id of ['a', 'b', 'c', 'd']) {
      const { aggregatorId } = id < 'c' ? first : second;
      worker.send(aggregatorId, replyOf(id));
    }
    await becomes(
      () => [heardFirst.ids, heardSecond.ids],
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    );
    await first.close();
    await becomes(() => worker.isConnected(first.aggregatorId), false);
    worker.send(second.aggregatorId, replyOf('e'));
    await becomes(() => heardSecond.ids, ['c', 'd', 'e']);
  });

  test('an aggregator restarted on its port finds its workers again', async () => {
    const [first, heardFirst] = await openAggregator();
    const [worker, ears] = await openWorker({ aggregators: `127.0.0.1:${first.port}` });
    await becomes(() => heardFirst.events, ['present w1']);
    await first.close();
    await becomes(() => ears.aggregatorsGone, [first.aggregatorId]);
    const [second, heardSecond] = await openAggregator(first.port);
    await becomes(() => heardSecond.events, ['present w1']);
    expect(worker.isConnected(first.aggregatorId)).toBe(false);
    worker.send(second.aggregatorId, replyOf('a'));
    await becomes(() => heardSecond.ids, ['a']);
  });

  test('every address of a name is dialled, and one that appears later', async () => {
    const [first, heardFirst] = await openAggregator(0, '127.0.0.1');
    const [, heardSecond] = await openAggregator(first.port, '127.0.0.2');
    const [, heardThird] = await openAggregator(first.port, '127.0.0.3');
    const found = ['127.0.0.1', '127.0.0.2'];
    const lookUp = (host: string): Promise<readonly string[]> =>
      host === 'aggregators' ? Promise.resolve(found) : Promise.reject(new Error('no such name'));
    await openWorker({ aggregators: `aggregators:${first.port},nowhere:1`, lookUp });
    await becomes(() => [heardFirst.events, heardSecond.events], [['present w1'], ['present w1']]);
    found.shift();
    found.push('127.0.0.3');
    await becomes(() => heardThird.events, ['present w1']);
    // It left DNS, but still waits for replies.
    expect(heardFirst.gone).toEqual([]);
  });

  test('two addresses of one aggregator make one stream', async () => {
    const [line, heard] = await openAggregator(0, '0.0.0.0');
    const lookUp = (): Promise<readonly string[]> => Promise.resolve(['127.0.0.1', '127.0.0.2']);
    const [worker] = await openWorker({ aggregators: `localhost:${line.port}`, lookUp });
    await becomes(() => heard.events, ['present w1']);
    // Long enough for several attempts at the second address.
    await clock.sleep(700);
    expect(heard.events).toEqual(['present w1']);
    worker.send(line.aggregatorId, replyOf('a'));
    await becomes(() => heard.ids, ['a']);
  });

  test('the offset tells clocks apart that started at different times', async () => {
    const aheadUs = 123_456_789;
    class ClockAhead extends RealClock {
      override monotonicUs(): number {
        return super.monotonicUs() + aheadUs;
      }
    }
    const [aggregator, heard] = await openAggregator();
    const startedUs = clock.monotonicUs();
    const aggregators = `127.0.0.1:${aggregator.port}`;
    const [worker] = await openWorker({ aggregators }, new ClockAhead());
    await becomes(() => heard.events, ['present w1']);
    const elapsedUs = clock.monotonicUs() - startedUs;
    const offsetUs = worker.clockOffsetUs(aggregator.aggregatorId) ?? Number.NaN;
    expect(Math.abs(offsetUs - aheadUs)).toBeLessThanOrEqual(elapsedUs / 2);
  });

  test('bytes that are no frame end that stream with the reason, and no other', async () => {
    const [aggregator, heard] = await openAggregator();
    await openWorker({ aggregators: `127.0.0.1:${aggregator.port}` });
    await becomes(() => heard.events, ['present w1']);
    const stranger = new Client(`127.0.0.1:${aggregator.port}`, credentials.createInsecure());
    const { path, requestSerialize, responseDeserialize } = replyLineMethod;
    const call = stranger.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const failed = new Promise<ServiceError>((resolve) => call.on('error', resolve));
    call.resume();
    call.write(Buffer.from([0xff, 0xff, 0xff]));
    const { code, details } = await failed;
    stranger.close();
    expect({ code, details }).toEqual({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('WorkerFrame'),
    });
    expect(heard.events).toEqual(['present w1']);
  });

  test('a port that is taken is a bad setting with its name', async () => {
    const [aggregator] = await openAggregator();
    const second = new LoneAggregatorLine(
      { host: '127.0.0.1', port: aggregator.port },
      clock,
      random,
    );
    await expect(second.open(aggregatorEars())).rejects.toMatchObject({
      code: 'bad_setting',
      field: 'INTERNAL_PORT',
    });
    await second.close();
  });

  test('a worker process killed with -9 is gone at once', async () => {
    const [aggregator, heard] = await openAggregator();
    const worker = startWorkerProcess(aggregator.port);
    toClose.push(() => worker.kill());
    await becomes(() => heard.events, ['present child']);
    // It replies to whoever cancelled something.
    aggregator.cancel('child', [{ requestId: 'r0', attempt: 0, expert: '1' }]);
    await becomes(() => heard.ids.length > 0, true);
    worker.signal('SIGKILL');
    await expect.poll(() => heard.gone, { timeout: 1500, interval: 5 }).toEqual(['child']);
  });

  test('a worker process that is stopped is found by keep-alive, and comes back when it goes on', async () => {
    const [aggregator, heard] = await openAggregator();
    const worker = startWorkerProcess(aggregator.port);
    toClose.push(() => worker.kill());
    await becomes(() => heard.events, ['present child']);
    worker.signal('SIGSTOP');
    await expect.poll(() => heard.gone, { timeout: 6000, interval: 5 }).toEqual(['child']);
    worker.signal('SIGCONT');
    await becomes(() => heard.events, ['present child', 'gone child', 'present child']);
  });
});
