import { InternalServer } from './aggregator-link/internal-server.ts';
import type { AnswerDesk, AnswerLine } from './answer-line/answer-line.ts';
import { EmbeddedAnswerDesk } from './answer-line/embedded-answer-desk.ts';
import { EmbeddedAnswerLine } from './answer-line/embedded-answer-line.ts';
import { GrpcAnswerDesk } from './answer-line/grpc-answer-desk.ts';
import { GrpcAnswerLine } from './answer-line/grpc-answer-line.ts';
import type { Clock } from './clock/clock.ts';
import type { Random } from './random/random.ts';
import { EmbeddedReplyLine } from './reply-line/embedded-reply-line.ts';
import { GrpcAggregatorLine } from './reply-line/grpc-aggregator-line.ts';
import { GrpcWorkerLine } from './reply-line/grpc-worker-line.ts';
import { JoinedAggregatorLine } from './reply-line/joined-aggregator-line.ts';
import type { AggregatorLine, WorkerLine } from './reply-line/reply-line.ts';
import { aggregatesHere, isDistributed, type Settings } from './settings.ts';

/** The ends of the answer line and of the reply line that this process holds. */
export interface Lines {
  readonly answerDesks: readonly AnswerDesk[];
  readonly answerLine: AnswerLine | undefined;
  readonly aggregatorLine: AggregatorLine | undefined;
  readonly workerLine: WorkerLine | undefined;
  /** Where workers and gateways of other processes dial in, once the lines are open. */
  internalPort(): number | undefined;
  /** Closes every end, then the port. Harmless twice. */
  close(): Promise<void>;
}

/**
 * Roles in one process talk by function call, others by gRPC. An aggregator may have gateways and
 * workers of both kinds; those of other processes share its one internal port.
 */
export function openLines(
  settings: Settings,
  workerId: string,
  clock: Clock,
  random: Random,
): Lines {
  const ends = aggregatesHere(settings)
    ? linesOfAggregator(settings, workerId, clock, random)
    : linesToAggregators(settings, workerId, clock, random);
  const { answerLine, answerDesks, workerLine, aggregatorLine, server } = ends;
  // Who asks leaves before who answers.
  const inOrder = [answerLine, ...answerDesks, workerLine, aggregatorLine, server];
  return {
    ...ends,
    internalPort: () => (server?.port === 0 ? undefined : server?.port),
    close: async () => {
      for (const end of inOrder) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
        await end?.close();
      }
    },
  };
}

type Ends = Omit<Lines, 'internalPort' | 'close'> & { readonly server: InternalServer | undefined };

/** A process that asks aggregators elsewhere. */
function linesToAggregators(
  { roles, aggregator }: Settings,
  workerId: string,
  clock: Clock,
  random: Random,
): Ends {
  const aggregators = aggregator.join(',');
  return {
    answerDesks: [],
    answerLine: roles.includes('gateway')
      ? new GrpcAnswerLine({ gatewayId: random.id(), aggregators }, clock, random)
      : undefined,
    aggregatorLine: undefined,
    workerLine: roles.includes('worker')
      ? new GrpcWorkerLine({ workerId, aggregators }, clock, random)
      : undefined,
    server: undefined,
  };
}

/** A process that aggregates. */
function linesOfAggregator(
  settings: Settings,
  workerId: string,
  clock: Clock,
  random: Random,
): Ends {
  const aggregatorId = random.id();
  // Every end draws its id from here: a task names one aggregator, wherever its worker is.
  const oneId: Random = {
    uniform: () => random.uniform(),
    id: () => aggregatorId,
    bytes: (count) => random.bytes(count),
  };
  const { bind: host, internalPort: port, roles } = settings;
  const server = isDistributed(settings) ? new InternalServer({ host, port }, clock) : undefined;
  const besideDesk = roles.includes('gateway') ? new EmbeddedAnswerDesk() : undefined;
  const besideLine = roles.includes('worker') ? new EmbeddedReplyLine(clock, oneId) : undefined;
  const dialledDesk = server && new GrpcAnswerDesk(server, clock, oneId);
  const dialledLine = server && new GrpcAggregatorLine(server, clock, oneId);
  return {
    answerDesks: [besideDesk, dialledDesk].filter((desk) => desk !== undefined),
    answerLine: besideDesk && new EmbeddedAnswerLine(besideDesk),
    aggregatorLine: new JoinedAggregatorLine(
      aggregatorId,
      [besideLine, dialledLine].filter((line) => line !== undefined),
    ),
    workerLine: besideLine?.attachWorker(workerId),
    server,
  };
}
