import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerUnaryCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { chorus } from '../../proto/generated/public.js';
import { ChorusError } from '../../services/domain/errors.ts';
import type { Clock } from '../../services/platform/clock/clock.ts';
import type { RecommendRequest } from '../../services/domain/recommendation.ts';
import { encodeRecommendation } from '../../services/platform/wire/answer-writer.ts';
import type { Caller } from '../caller.ts';
import { countFailure } from '../counted.ts';
import type { Recommending } from '../recommending.ts';
import { streamCaller, unaryCaller } from './grpc-caller.ts';
import { failedCall } from './failed-call.ts';
import { received, type Received } from './service-definitions.ts';

/** Most requests are read already; what is left for the schema is a decoded message. */
type Request = RecommendRequest | Received<chorus.v1.RecommendRequest>;
/** An answer is encoded already. */
type StreamReply = Buffer | chorus.v1.RecommendResponse.$Properties;

/** Answers of one stream that may be in the making at once; a faster caller waits. */
const maxInFlight = 64;

/** `chorus.v1.Recommender`: the same requests and answers as over HTTP. */
export function recommenderHandlers(
  recommending: Recommending,
  clock: Clock,
): UntypedServiceImplementation {
  const answer = async (request: Request, caller: Caller): Promise<Buffer> => {
    const checked = isRead(request) ? request : recommending.check(bodyOf(received(request)));
    return encodeRecommendation(await recommending.answer(checked, caller));
  };
  return {
    Recommend: (call: ServerUnaryCall<Request, Buffer>, reply: sendUnaryData<Buffer>): void => {
      answer(call.request, unaryCaller(call, clock)).then(
        (response) => reply(null, response),
        (thrown: unknown) => reply(failedCall(thrown)),
      );
    },
    RecommendStream: (call: ServerDuplexStream<Request, StreamReply>): void => {
      const caller = streamCaller(call);
      answerStream(call, (request) => answer(request, caller)).catch((thrown: unknown) => {
        call.destroy(ChorusError.from(thrown));
      });
    },
  };
}

/** Answers in the order in which they become ready; ends after the last one. */
async function answerStream(
  call: ServerDuplexStream<Request, StreamReply>,
  answer: (request: Request) => Promise<Buffer>,
): Promise<void> {
  const open = new Set<Promise<void>>();
  let draining: Promise<void> | undefined;
  const write = async (answering: Promise<StreamReply>): Promise<void> => {
    const reply = await answering;
    if (call.cancelled || call.write(reply)) return;
    // One for all that wait: each would listen on its own otherwise.
    draining ??= drained(call).finally(() => (draining = undefined));
    await draining;
  };
  for await (const request of call as AsyncIterable<Request>) {
    const answering = write(
      answer(request).catch((thrown: unknown) => failureOf(request, thrown)),
    ).finally(() => open.delete(answering));
    open.add(answering);
    // Reading on would let a fast caller fill this process with requests.
    if (open.size >= maxInFlight) await Promise.race(open);
  }
  await Promise.all(open);
  call.end();
}

function failureOf(request: Request, thrown: unknown): StreamReply {
  const { code, message, field = '' } = ChorusError.from(thrown);
  countFailure('grpc', code);
  return { request_id: idOf(request), error: { code, message, field } };
}

function isRead(request: Request): request is RecommendRequest {
  return 'requestId' in request;
}

function idOf(request: Request): string {
  if (request instanceof ChorusError) return '';
  return isRead(request) ? request.requestId : request.request_id;
}

async function drained(call: ServerDuplexStream<Request, StreamReply>): Promise<void> {
  await new Promise<void>((resolve) => {
    call.once('drain', resolve);
    call.once('close', resolve);
  });
}

/** The JSON that HTTP callers would have sent: absent fields left out, candidates as an array. */
function bodyOf(message: chorus.v1.RecommendRequest): Record<string, unknown> {
  return {
    request_id: message.request_id,
    user_id: message.user_id,
    session: message.session.map(({ item_id, type, value, time_ms }) => ({
      item_id,
      ...(type !== '' && { type }),
      ...(value !== null && value !== undefined && { value }),
      time_ms,
    })),
    ...(message.candidates && { candidates: message.candidates.item_ids }),
    exclude: message.exclude,
    ...(message.top_n !== null && message.top_n !== undefined && { top_n: message.top_n }),
    include_seen: message.include_seen,
    context: { ...message.context },
    explain: message.explain,
    no_cache: message.no_cache,
  };
}
