import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import { RealRandom } from '../../../services/platform/random/real-random.ts';
import { LoneAggregatorLine } from '../../../services/platform/reply-line/contract/lone-aggregator-line.ts';
import { encodeReply } from '../../../services/platform/wire/reply-codec.ts';
import { atMost, type Bench, type Measurement } from './bench.ts';
import { ownCpuUs } from './cpu.ts';
import { Peer } from './peer.ts';
import { sampleReply } from './reply-sample.ts';
import type { ReplyWorker } from './reply-worker-process.ts';

/** About what one second takes. */
const floodReplies = 150_000;

/** The reply line over gRPC: the aggregator here, the worker in a process of its own. */
export const replyLine: Measurement = {
  title: `Reply line over gRPC: aggregator and worker in a process each, replies of ${encodeReply(sampleReply).byteLength} bytes`,
  runsOn: ['@grpc/grpc-js', 'protobufjs'],
  whyMissing: () => undefined,
  run: async (bench) => {
    const aggregator = new Aggregator();
    const worker = new Peer<ReplyWorker>(new URL('reply-worker-process.ts', import.meta.url));
    try {
      await aggregator.open();
      await worker.ask('open', { aggregator: aggregator.address, id: aggregator.id });
      await aggregator.present;
      await measure(bench, aggregator, worker);
      await worker.ask('close');
    } finally {
      await worker.stop();
      await aggregator.close();
    }
  },
};

async function measure(
  bench: Bench,
  aggregator: Aggregator,
  worker: Peer<ReplyWorker>,
): Promise<void> {
  const flood = async (perFrame: number) => {
    const frames = Math.round(bench.lasting(floodReplies) / perFrame);
    return window(aggregator, worker, async () => {
      await worker.ask('flood', { frames, perFrame });
      return frames * perFrame;
    });
  };
  await flood(8);
  for (const perFrame of [8, 32]) {
    // oxlint-disable-next-line no-await-in-loop -- two at once would measure each other
    const full = await bench.repeat(`${perFrame} replies a frame`, () => flood(perFrame));
    const what = `${perFrame} replies a turn, flat out`;
    bench.add(`${what}: CPU per reply, worker`, 'µs', full('workerUs'), atMost(5));
    bench.add(`${what}: CPU per reply, aggregator`, 'µs', full('aggregatorUs'), atMost(5));
    bench.add(`${what}: replies in a frame`, '', full('perFrame'));
    bench.add(`${what}: throughput`, 'replies/s', full('perSecond'));
  }
  const pace = { perFrame: 8, perSecond: 8000, forMs: bench.lasting(2000) };
  const calm = await bench.repeat('8,000 replies/s', () =>
    window(aggregator, worker, async () => 8 * (await worker.ask('pace', pace))),
  );
  bench.add('8 replies a turn, 8,000/s: CPU per reply, worker', 'µs', calm('workerUs'));
  bench.add('8 replies a turn, 8,000/s: CPU per reply, aggregator', 'µs', calm('aggregatorUs'));
}

/** One window: has replies sent, waits until all have arrived, and shares out the CPU time. */
async function window(
  aggregator: Aggregator,
  worker: Peer<ReplyWorker>,
  send: () => Promise<number>,
) {
  const workerCpuUs = await worker.ask('cpu');
  const cpuUs = ownCpuUs();
  const before = { replies: aggregator.replies, frames: aggregator.frames };
  const clock = new RealClock();
  const startUs = clock.monotonicUs();
  const sent = await send();
  await aggregator.until(before.replies + sent);
  const seconds = (clock.monotonicUs() - startUs) / 1e6;
  return {
    aggregatorUs: (ownCpuUs() - cpuUs) / sent,
    workerUs: ((await worker.ask('cpu')) - workerCpuUs) / sent,
    perFrame: sent / (aggregator.frames - before.frames),
    perSecond: sent / seconds,
  };
}

/** An aggregator that counts. */
class Aggregator {
  readonly #line = new LoneAggregatorLine(
    { host: '127.0.0.1', port: 0 },
    new RealClock(),
    new RealRandom(),
  );
  readonly #present = Promise.withResolvers<void>();
  replies = 0;
  frames = 0;
  #awaited = 0;
  #reached: () => void = () => undefined;

  get id(): string {
    return this.#line.aggregatorId;
  }

  get address(): string {
    return `127.0.0.1:${this.#line.port}`;
  }

  /** Resolves when the worker has said that it is there. */
  get present(): Promise<void> {
    return this.#present.promise;
  }

  async open(): Promise<void> {
    await this.#line.open({
      onPresence: () => this.#present.resolve(),
      onGone: () => undefined,
      onReplies: (replies) => {
        this.frames += 1;
        this.replies += replies.length;
        if (this.replies >= this.#awaited) this.#reached();
      },
    });
  }

  /** Resolves when so many replies have arrived altogether. */
  async until(replies: number): Promise<void> {
    if (this.replies >= replies) return;
    this.#awaited = replies;
    await new Promise<void>((resolve) => {
      this.#reached = resolve;
    });
  }

  async close(): Promise<void> {
    await this.#line.close();
  }
}
