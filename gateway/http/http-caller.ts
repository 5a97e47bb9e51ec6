import type { FastifyReply } from 'fastify';
import { ChorusError } from '../../services/domain/errors.ts';
import type { Caller } from '../caller.ts';
import { budgetMs, timeoutHeader } from '../messages/timeout.ts';
import { traceParent, traceParentHeader } from '../messages/trace-parent.ts';

/**
 * Who waits at the other end of an HTTP connection.
 * @throws ChorusError `invalid_argument` naming the header `x-request-timeout-ms`.
 */
export function httpCaller({ raw, request: { headers } }: FastifyReply): Caller {
  return {
    surface: 'http',
    budgetMs: budgetMs(headers[timeoutHeader]),
    traceParent: traceParent(headers[traceParentHeader]),
    whenGone: (tell) => {
      // A reply that closes before it was sent has lost its connection.
      const hungUp = (): void => tell(new ChorusError('cancelled', 'the caller hung up'));
      raw.once('close', hungUp);
      return () => raw.off('close', hungUp);
    },
  };
}
