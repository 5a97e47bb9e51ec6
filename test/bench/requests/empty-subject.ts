import { Peer } from '../ports/peer.ts';
import type { EmptyServer } from './empty-server-process.ts';
import type { Subject } from './subject.ts';

/**
 * Empty handlers: the floor under every figure. gRPC is the product's own server, options and
 * codecs, HTTP is Nest on Fastify, and neither has anything behind it.
 * @param items in each answer; 0: an answer without any field.
 */
export async function startEmpty(items: number): Promise<Subject> {
  const server = new Peer<EmptyServer>(new URL('empty-server-process.ts', import.meta.url));
  const { grpc, http, pid } = await server.ask('listen', items);
  return { grpc, http, members: [{ name: 'empty', pid }], stop: () => server.stop() };
}
