import type { Reply } from '../../../services/domain/reply.ts';
import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import { RealRandom } from '../../../services/platform/random/real-random.ts';
import { GrpcWorkerLine } from '../../../services/platform/reply-line/grpc-worker-line.ts';
import { ownCpuUs } from './cpu.ts';
import { nextTurn, openLoop } from './load.ts';
import { answerParent } from './peer.ts';
import { sampleReply, workerId } from './reply-sample.ts';

// A worker that replies and does nothing else.

let line: GrpcWorkerLine | undefined;
let aggregatorId = '';
let sent = 0;

function send(count: number): boolean {
  let keepsUp = true;
  for (let index = 0; index < count; index += 1) {
    sent += 1;
    const reply: Reply = { ...sampleReply, requestId: `r${String(sent).padStart(21, '0')}` };
    keepsUp = line?.send(aggregatorId, reply) ?? false;
  }
  return keepsUp;
}

const answers = {
  open: async (to: { readonly aggregator: string; readonly id: string }): Promise<void> => {
    aggregatorId = to.id;
    const options = { workerId, aggregators: to.aggregator };
    line = new GrpcWorkerLine(options, new RealClock(), new RealRandom());
    await line.open({ onCancel: () => undefined, onAggregatorGone: () => undefined });
    line.announce({
      workerId,
      slot: 0,
      experts: [],
      readyBundles: [],
      load: { inFlight: 0, queued: 0, capacity: 1 },
    });
  },
  cpu: (): number => ownCpuUs(),
  /** Sends so many each turn, as fast as the aggregator takes them. */
  flood: async ({ frames, perFrame }: { frames: number; perFrame: number }): Promise<void> => {
    for (let frame = 0; frame < frames; frame += 1) {
      const keepsUp = send(perFrame);
      // oxlint-disable-next-line no-await-in-loop -- a frame is what one turn gathers
      await (keepsUp ? nextTurn() : line?.ready());
    }
  },
  /** Sends so many at a time, at a rate. */
  pace: ({ perFrame, perSecond, forMs }: Pace): Promise<number> =>
    openLoop({ forMs, perSecond: perSecond / perFrame, begin: () => void send(perFrame) }),
  close: async (): Promise<void> => line?.close(),
};

interface Pace {
  readonly perFrame: number;
  readonly perSecond: number;
  readonly forMs: number;
}

/** What this process answers. */
export type ReplyWorker = typeof answers;

answerParent(answers);
