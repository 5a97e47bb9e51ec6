import type { Clock } from './clock/clock.ts';
import type { Random } from './random/random.ts';
import { EmbeddedReplyLine } from './reply-line/embedded-reply-line.ts';
import { GrpcAggregatorLine } from './reply-line/grpc-aggregator-line.ts';
import { GrpcWorkerLine } from './reply-line/grpc-worker-line.ts';
import { JoinedAggregatorLine } from './reply-line/joined-aggregator-line.ts';
import type { AggregatorLine, WorkerLine } from './reply-line/reply-line.ts';
import { aggregatesHere, isDistributed, type Settings } from './settings.ts';

/** The ends of the reply line that this process holds. */
export interface ReplyLines {
  readonly aggregatorLine: AggregatorLine | undefined;
  readonly workerLine: WorkerLine | undefined;
  /** Where workers of other processes dial in; undefined before the line is open. */
  internalPort(): number | undefined;
}

/** Roles in one process talk by function call, others by gRPC; an aggregator may have both kinds of worker. */
export function openReplyLines(
  settings: Settings,
  workerId: string,
  clock: Clock,
  random: Random,
): ReplyLines {
  const hasWorker = settings.roles.includes('worker');
  if (!aggregatesHere(settings)) {
    const aggregators = settings.aggregator.join(',');
    const workerLine = hasWorker
      ? new GrpcWorkerLine({ workerId, aggregators }, clock, random)
      : undefined;
    return { aggregatorLine: undefined, workerLine, internalPort: () => undefined };
  }
  const aggregatorId = random.id();
  // Both ends draw their id from here: a task names one aggregator, wherever its worker is.
  const oneId: Random = {
    uniform: () => random.uniform(),
    id: () => aggregatorId,
    bytes: (count) => random.bytes(count),
  };
  const beside = hasWorker ? new EmbeddedReplyLine(clock, oneId) : undefined;
  const { bind: host, internalPort: port } = settings;
  const dialled = isDistributed(settings)
    ? new GrpcAggregatorLine({ host, port }, clock, oneId)
    : undefined;
  const lines = [beside, dialled].filter((line) => line !== undefined);
  return {
    aggregatorLine: new JoinedAggregatorLine(aggregatorId, lines),
    workerLine: beside?.attachWorker(workerId),
    internalPort: () => (dialled?.port === 0 ? undefined : dialled?.port),
  };
}
