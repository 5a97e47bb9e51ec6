import type { EventEmitter } from 'node:events';
import type { Metadata, ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js';
import { ChorusError } from '../../services/domain/errors.ts';
import type { Clock } from '../../services/platform/clock/clock.ts';
import type { Caller } from '../caller.ts';
import { traceParent, traceParentHeader } from '../messages/trace-parent.ts';
import { callBudgetMs } from './call-budget.ts';

/**
 * Our deadline begins when the call is handled; the caller's began before the call travelled, so
 * its cancellation of an overdue call comes earlier by the way and by what the machine stood still.
 */
const toleranceUs = 50_000;

/** A unary call, as far as it tells who waits. */
type WaitingCall = Pick<ServerUnaryCall<unknown, unknown>, 'getDeadline' | 'metadata'> &
  Pick<EventEmitter, 'once' | 'off'>;

/** Who waits for the answer to a call. */
export function unaryCaller(call: WaitingCall, clock: Clock): Caller {
  const budgetMs = callBudgetMs(call, clock);
  const deadlineUs = clock.monotonicUs() + (budgetMs ?? Infinity) * 1000;
  return {
    surface: 'grpc',
    budgetMs,
    traceParent: traceParentOf(call),
    whenGone: (tell) => {
      const cancelled = (): void => {
        // grpc-js ends a call that is overdue by cancelling it.
        const isOverdue = clock.monotonicUs() >= deadlineUs - toleranceUs;
        if (isOverdue) tell(new ChorusError('deadline_exceeded', `no answer in ${budgetMs} ms`));
        else tell(new ChorusError('cancelled', 'the caller cancelled'));
      };
      call.once('cancelled', cancelled);
      return () => call.off('cancelled', cancelled);
    },
  };
}

/** Who waits for the answers of a stream: each for the default time, and as long as the stream stands. */
export function streamCaller<Request>(call: ServerDuplexStream<Request, unknown>): Caller {
  // One listener for all: a stream may have thousands of requests.
  const told = new Set<(reason: ChorusError) => void>();
  call.once('cancelled', () => {
    for (const tell of told) tell(new ChorusError('cancelled', 'the caller cancelled'));
  });
  return {
    surface: 'grpc',
    budgetMs: undefined,
    traceParent: traceParentOf(call),
    whenGone: (tell) => {
      told.add(tell);
      return () => told.delete(tell);
    },
  };
}

function traceParentOf({ metadata }: { readonly metadata: Metadata }): string {
  return traceParent(metadata.get(traceParentHeader)[0]);
}
