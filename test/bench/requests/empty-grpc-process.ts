import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { chorus } from '../../../proto/generated/public.js';
import { GrpcServer } from '../../../gateway/grpc/grpc-server.ts';
import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import { answerParent } from '../ports/peer.ts';

// The product's own gRPC server, options and codecs, with nothing behind it.

type Response = chorus.v1.RecommendResponse.$Properties;

const answers = {
  /** Serves answers of so many items. @returns `host:port`. */
  listen: async (items: number): Promise<string> => {
    const answer = emptyAnswer(items);
    const Recommend = (_call: ServerUnaryCall<object, Response>, reply: sendUnaryData<Response>) =>
      reply(null, answer);
    const services = new Map([['chorus.v1.Recommender', { Recommend }]] as const);
    const health = { ready: async () => ({ status: 200, body: {} }) as const };
    const server = new GrpcServer(services, health, new RealClock());
    return `127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
  },
  pid: (): number => process.pid,
};

/** What this process answers. */
export type EmptyServer = typeof answers;

answerParent(answers);

/** As long as a real one in everything, or with nothing in it. */
function emptyAnswer(count: number): Response {
  if (count === 0) return {};
  return {
    request_id: 'S_zyZzaI8y99z3xXatb7vA',
    bundle: 'recommender/synthetic-1',
    items: Array.from({ length: count }, (_, index) => ({
      item_id: `film-${1000 - index}`,
      title: 'An Orchestra in Rook Island II',
      score: 10.576031684875488 - index,
    })),
    experts: ['3', '4'].map((expert) => ({ expert, weight: 0.5, status: 'answered' })),
    timings: { total_us: 5766, lookup_us: 809, features_us: 2540, route_us: 141, experts_us: 1411 },
    cached: true,
    path: 'user',
  };
}
