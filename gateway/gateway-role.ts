import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Role } from '../services/domain/role.ts';
import { type Answering, openAnswering } from '../services/flows/open-answering.ts';
import type { Platform } from '../services/platform/platform.ts';
import type { Health } from '../services/platform/telemetry/health.ts';
import { listenOn } from '../services/platform/telemetry/listen-on.ts';
import { type Desks, GatewayModule } from './gateway.module.ts';
import { GrpcServer, type Services } from './grpc/grpc-server.ts';
import { itemsHandlers } from './grpc/items.handlers.ts';
import { recommenderHandlers } from './grpc/recommender.handlers.ts';
import { usersHandlers } from './grpc/users.handlers.ts';
import { httpApplication } from './http/http-application.ts';
import { ItemDesk } from './item-desk.ts';
import { Recommending } from './recommending.ts';
import { UserDesk } from './user-desk.ts';

/** The front door at work: HTTP on `HTTP_PORT`, gRPC on `GRPC_PORT`. */
export class GatewayRole implements Role {
  readonly name = 'gateway';
  readonly #platform: Platform;
  readonly #health: Health;
  #addresses: readonly string[] = [];
  #answering: Answering | undefined;
  #http: NestFastifyApplication | undefined;
  #grpc: GrpcServer | undefined;

  constructor(platform: Platform, health: Health) {
    this.#platform = platform;
    this.#health = health;
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  async start(): Promise<void> {
    const { clock, random, settings } = this.#platform;
    const answering = await openAnswering(this.#platform);
    this.#answering = answering;
    const recommending = new Recommending({
      answerRequest: answering.answerRequest,
      clock,
      random,
      defaultDeadlineMs: settings.defaultDeadlineMs,
    });
    const desks = {
      recommending,
      users: new UserDesk(answering.users, clock),
      items: new ItemDesk(answering.items, answering.deleteItem, clock),
    };
    this.#addresses = [await this.#openHttp(desks), await this.#openGrpc(desks)];
  }

  async stop(): Promise<void> {
    await Promise.all([this.#http?.close(), this.#grpc?.close()]);
    await this.#answering?.close();
  }

  async #openHttp(desks: Desks): Promise<string> {
    const { bind, httpPort, corsOrigins } = this.#platform.settings;
    const module = GatewayModule.of(this.#health, desks);
    const http = await httpApplication(module, corsOrigins);
    this.#http = http;
    await listenOn({ name: 'HTTP_PORT', host: bind, port: httpPort }, (host, port) =>
      http.listen(port, host),
    );
    return `http ${await http.getUrl()}`;
  }

  async #openGrpc({ recommending, users, items }: Desks): Promise<string> {
    const { clock, settings } = this.#platform;
    const services: Services = new Map([
      ['chorus.v1.Recommender', recommenderHandlers(recommending, clock)],
      ['chorus.v1.Users', usersHandlers(users, clock)],
      ['chorus.v1.Items', itemsHandlers(items, clock)],
    ]);
    const grpc = new GrpcServer(services, this.#health, clock);
    this.#grpc = grpc;
    const at = { name: 'GRPC_PORT', host: settings.bind, port: settings.grpcPort };
    const port = await listenOn(at, (host, wanted) => grpc.listen(host, wanted));
    return `grpc ${settings.bind}:${port}`;
  }
}
