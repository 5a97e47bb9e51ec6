import 'reflect-metadata';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { chorus } from '../../../proto/generated/public.js';
import { GrpcServer } from '../../../gateway/grpc/grpc-server.ts';
import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import { answerParent } from '../ports/peer.ts';

type Response = chorus.v1.RecommendResponse.$Properties;

const host = '127.0.0.1';

const answers = {
  /** Serves answers of so many items, whatever it is asked. */
  listen: async (items: number) => {
    const answer = fixedAnswer(items);
    return { grpc: await listenGrpc(answer), http: await listenHttp(answer), pid: process.pid };
  },
};

/** What this process answers. */
export type EmptyServer = typeof answers;

answerParent(answers);

async function listenGrpc(answer: Response): Promise<string> {
  const Recommend = (_call: ServerUnaryCall<object, Response>, reply: sendUnaryData<Response>) =>
    reply(null, answer);
  const services = new Map([['chorus.v1.Recommender', { Recommend }]] as const);
  const health = { ready: async () => ({ status: 200, body: {} }) as const };
  const server = new GrpcServer(services, health, new RealClock());
  return `${host}:${await server.listen(host, 0)}`;
}

async function listenHttp(answer: Response): Promise<string> {
  class Empty {
    recommend(): Response {
      return answer;
    }
  }
  // oxlint-disable-next-line typescript/no-extraneous-class -- it gets its decorator below
  class EmptyModule {}
  // Node strips types but knows no decorators: they are called like the functions that they are.
  const method = Object.getOwnPropertyDescriptor(Empty.prototype, 'recommend');
  if (method !== undefined) Get(':user_id')(Empty.prototype, 'recommend', method);
  Controller('v1/recommend')(Empty);
  Module({ controllers: [Empty] })(EmptyModule);
  const application = await NestFactory.create<NestFastifyApplication>(
    EmptyModule,
    new FastifyAdapter(),
    { logger: false },
  );
  await application.listen(0, host);
  return await application.getUrl();
}

/** As long as a real one in everything, or with nothing in it. */
function fixedAnswer(count: number): Response {
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
