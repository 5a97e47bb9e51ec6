import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { failedCall } from './failed-call.ts';
import { received, type Received } from './service-definitions.ts';

/** A handler of one unary method, with every failure as the status of the one table. */
export function unary<Request, Reply>(answer: (request: Request) => Promise<Reply>) {
  return (call: ServerUnaryCall<Received<Request>, Reply>, reply: sendUnaryData<Reply>): void => {
    const answering = async (): Promise<Reply> => await answer(received(call.request));
    answering().then(
      (response) => reply(null, response),
      (thrown: unknown) => reply(failedCall(thrown)),
    );
  };
}
