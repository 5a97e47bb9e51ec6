import type { FastifyReply } from 'fastify';
import { ChorusError } from '../../services/domain/errors.ts';
import type { Caller } from '../caller.ts';
import { budgetMs } from '../messages/timeout.ts';

/**
 * Who waits at the other end of an HTTP connection.
 * @param timeout the header `x-request-timeout-ms`.
 * @throws ChorusError `invalid_argument` naming the header.
 */
export function httpCaller(timeout: string | undefined, { raw }: FastifyReply): Caller {
  return {
    surface: 'http',
    budgetMs: budgetMs(timeout),
    whenGone: (tell) => {
      // A reply that closes before it was sent has lost its connection.
      const hungUp = (): void => tell(new ChorusError('cancelled', 'the caller hung up'));
      raw.once('close', hungUp);
      return () => raw.off('close', hungUp);
    },
  };
}
