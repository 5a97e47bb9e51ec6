import type { ServerUnaryCall } from '@grpc/grpc-js';
import type { Clock } from '../../services/platform/clock/clock.ts';

/** The longest budget that is told from "no deadline", in ms. */
const maxBudgetMs = 600_000;

/** What `grpc-timeout` leaves this call, in ms; undefined when the caller set no deadline. */
export function callBudgetMs(
  call: Pick<ServerUnaryCall<unknown, unknown>, 'getDeadline'>,
  clock: Clock,
): number | undefined {
  const deadline = call.getDeadline();
  const deadlineMs = deadline instanceof Date ? deadline.getTime() : deadline;
  // grpc-js turns the relative grpc-timeout into a date of this machine, so this difference has no skew.
  const leftMs = deadlineMs - clock.nowMs();
  return leftMs <= maxBudgetMs ? Math.max(1, leftMs) : undefined;
}
