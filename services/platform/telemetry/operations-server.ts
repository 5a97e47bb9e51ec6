import { fastify, type FastifyInstance, type FastifyReply } from 'fastify';
import type { Registry } from 'prom-client';
import { finishConnections } from './finish-connections.ts';
import type { Health, HealthReply } from './health.ts';
import { listenOn } from './listen-on.ts';

/**
 * The port that every process opens first and closes last: metrics and health, so that a process
 * which waits for a server, or ends, can say so.
 */
export class OperationsServer {
  readonly #server: FastifyInstance;

  constructor(health: Health, registry: Registry) {
    this.#server = fastify({ bodyLimit: 1024 });
    const finish = finishConnections(this.#server.server);
    this.#server.addHook('preClose', async () => finish());
    this.#server.get('/health', async (_request, reply) => send(reply, await health.summary()));
    this.#server.get('/health/live', (_request, reply) => send(reply, health.live()));
    this.#server.get('/health/ready', async (_request, reply) => send(reply, await health.ready()));
    this.#server.get('/metrics', async (_request, reply) =>
      reply.type(registry.contentType).send(await registry.metrics()),
    );
  }

  /**
   * Starts to listen.
   * @returns the address, with the port that was picked when `port` is 0.
   * @throws ChorusError `unavailable` when the port is taken.
   */
  listen(host: string, port: number): Promise<string> {
    return listenOn({ name: 'OPERATIONS_PORT', host, port }, () =>
      this.#server.listen({ host, port }),
    );
  }

  /** Answers what was asked and closes. Harmless twice. */
  async close(): Promise<void> {
    await this.#server.close();
  }
}

function send(reply: FastifyReply, { status, body }: HealthReply): FastifyReply {
  return reply.code(status).header('cache-control', 'no-store').send(body);
}
