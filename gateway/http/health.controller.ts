import { Controller, Get, Header, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Health, type HealthReply } from '../../services/platform/telemetry/health.ts';

/** What callers of the public port may know of this process's health. */
@Controller('health')
export class HealthController {
  readonly #health: Health;

  constructor(@Inject(Health) health: Health) {
    this.#health = health;
  }

  /** In the words that text clients ask in before they use the service. */
  @Get()
  @Header('cache-control', 'no-store')
  async summary(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReply['body']> {
    return answer(reply, await this.#health.summary());
  }

  /** Whether the process should be left alone. */
  @Get('live')
  @Header('cache-control', 'no-store')
  live(@Res({ passthrough: true }) reply: FastifyReply): HealthReply['body'] {
    return answer(reply, this.#health.live());
  }

  /** Whether new work may be sent here. */
  @Get('ready')
  @Header('cache-control', 'no-store')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReply['body']> {
    return answer(reply, await this.#health.ready());
  }
}

function answer(reply: FastifyReply, { status, body }: HealthReply): HealthReply['body'] {
  reply.code(status);
  return body;
}
