import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { Clock } from '../../services/platform/clock/clock.ts';
import type { Caller } from '../caller.ts';
import { failedCall } from './failed-call.ts';
import { unaryCaller } from './grpc-caller.ts';
import { received, type Received } from './service-definitions.ts';

/** A handler of one unary method, with every failure as the status of the one table. */
export function unary<Request, Reply>(
  clock: Clock,
  answer: (request: Request, caller: Caller) => Promise<Reply>,
) {
  return (call: ServerUnaryCall<Received<Request>, Reply>, reply: sendUnaryData<Reply>): void => {
    const caller = unaryCaller(call, clock);
    const answering = async (): Promise<Reply> => await answer(received(call.request), caller);
    answering().then(
      (response) => reply(null, response),
      (thrown: unknown) => reply(failedCall(thrown)),
    );
  };
}
