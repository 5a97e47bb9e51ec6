import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Role } from '../services/domain/role.ts';
import type { Platform } from '../services/platform/platform.ts';
import type { Health } from '../services/platform/telemetry/health.ts';
import { listenOn } from '../services/platform/telemetry/listen-on.ts';
import { GatewayModule } from './gateway.module.ts';
import { httpApplication } from './http/http-application.ts';

/** The front door at work: HTTP on `HTTP_PORT`. */
export class GatewayRole implements Role {
  readonly name = 'gateway';
  readonly #platform: Platform;
  readonly #health: Health;
  #addresses: readonly string[] = [];
  #http: NestFastifyApplication | undefined;

  constructor(platform: Platform, health: Health) {
    this.#platform = platform;
    this.#health = health;
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  async start(): Promise<void> {
    const { bind, httpPort, corsOrigins } = this.#platform.settings;
    const http = await httpApplication(GatewayModule.of(this.#platform, this.#health), corsOrigins);
    this.#http = http;
    await listenOn({ name: 'HTTP_PORT', host: bind, port: httpPort }, (host, port) =>
      http.listen(port, host),
    );
    this.#addresses = [`http ${await http.getUrl()}`];
  }

  async stop(): Promise<void> {
    await this.#http?.close();
  }
}
