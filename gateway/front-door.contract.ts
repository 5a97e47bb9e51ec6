import { Client, credentials } from '@grpc/grpc-js';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Module } from '@nestjs/common';
import type { Arrival } from '../services/domain/budget.ts';
import type { Item } from '../services/domain/item.ts';
import { ChorusError } from '../services/domain/errors.ts';
import type { Patience } from '../services/domain/patience.ts';
import type { Recommendation, RecommendRequest } from '../services/domain/recommendation.ts';
import type { UserState } from '../services/domain/user-state.ts';
import { RealClock } from '../services/platform/clock/real-clock.ts';
import { RealRandom } from '../services/platform/random/real-random.ts';
import { Health } from '../services/platform/telemetry/health.ts';
import { Readiness } from '../services/platform/telemetry/readiness.ts';
import { controllers } from './gateway.module.ts';
import { GrpcServer, type Services } from './grpc/grpc-server.ts';
import { itemsHandlers } from './grpc/items.handlers.ts';
import { recommenderHandlers } from './grpc/recommender.handlers.ts';
import { usersHandlers } from './grpc/users.handlers.ts';
import { httpApplication } from './http/http-application.ts';
import { ItemDesk } from './item-desk.ts';
import { Recommending } from './recommending.ts';
import { UserDesk } from './user-desk.ts';

const clock = new RealClock();

/** Answers every question with nothing, unless it is told to hang, and remembers what it was asked. */
class Listener {
  readonly asked: RecommendRequest[] = [];
  /** Of each that it was asked. */
  readonly traced: string[] = [];
  /** Codes of why nobody waited any more, in the order in which it heard so. */
  readonly abandoned: string[] = [];
  hangs = false;

  async run(
    request: RecommendRequest,
    { traceParent }: Arrival,
    { signal }: Patience,
  ): Promise<Recommendation> {
    this.asked.push(request);
    this.traced.push(traceParent);
    signal.addEventListener('abort', () => {
      this.abandoned.push(ChorusError.from(signal.reason).code);
    });
    if (this.hangs) await new Promise(() => undefined);
    return {
      requestId: request.requestId,
      bundle: 'recommender/none',
      userVersion: '',
      itemsVersion: '',
      items: [],
      experts: [],
      gates: [],
      timings: { totalUs: 1, lookupUs: 1, featuresUs: 0, routeUs: 0, expertsUs: 0, rankUs: 0 },
      degraded: false,
      cached: false,
      path: 'popularity',
      unknownCandidates: [],
    };
  }
}

/** One user, and whatever items it is given; answers nobody while it hangs. */
class Shelf {
  hangs = false;
  asked = 0;
  readonly items = new Map<string, Item>();
  readonly users = new Map<string, UserState>([
    ['known', { version: 'v', history: [{ itemId: 'a', weight: 1, timeMs: 3 }] }],
  ]);

  async get(_tenant: string, userId: string): Promise<UserState | undefined> {
    await this.#mayHang();
    return this.users.get(userId);
  }

  async upsert(_tenant: string, items: readonly Item[]): Promise<void> {
    await this.#mayHang();
    for (const item of items) this.items.set(item.itemId, item);
  }

  async remove(from: Map<string, unknown>, id: string): Promise<boolean> {
    await this.#mayHang();
    return from.delete(id);
  }

  async #mayHang(): Promise<void> {
    this.asked += 1;
    if (this.hangs) await new Promise(() => undefined);
  }
}

/** Both surfaces of a front door, for a whole test file. */
export interface OpenDoor {
  /** Takes injected requests; not listening. */
  readonly http: NestFastifyApplication;
  /** Connected to the gRPC surface. */
  readonly client: Client;
  close(): Promise<void>;
}

/** The front door over nothing: what it lets in, and how it refuses the rest. */
export class FrontDoor {
  readonly listener = new Listener();
  readonly shelf = new Shelf();
  readonly readiness = new Readiness(clock);
  readonly #health = new Health(this.readiness, ['gateway']);
  readonly #desks = {
    recommending: new Recommending({
      answerRequest: this.listener,
      clock,
      random: new RealRandom(),
      defaultDeadlineMs: 500,
    }),
    users: new UserDesk(
      {
        get: (tenant, userId) => this.shelf.get(tenant, userId),
        remove: (_tenant, userId) => this.shelf.remove(this.shelf.users, userId),
      },
      clock,
    ),
    items: new ItemDesk(
      { upsert: (tenant, items) => this.shelf.upsert(tenant, items) },
      { run: (_tenant, itemId) => this.shelf.remove(this.shelf.items, itemId) },
      clock,
    ),
  };

  /** Opens both surfaces. */
  async open(): Promise<OpenDoor> {
    const [http, grpc] = [await this.http(), this.grpc()];
    const port = await grpc.listen('127.0.0.1', 0);
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const close = async (): Promise<void> => {
      client.close();
      await Promise.all([http.close(), grpc.close()]);
    };
    return { http, client, close };
  }

  /** The HTTP surface, not listening. */
  async http(): Promise<NestFastifyApplication> {
    @Module({
      controllers,
      providers: [
        { provide: Health, useValue: this.#health },
        { provide: Recommending, useValue: this.#desks.recommending },
        { provide: UserDesk, useValue: this.#desks.users },
        { provide: ItemDesk, useValue: this.#desks.items },
      ],
    })
    class FrontDoorModule {}
    const application = await httpApplication({ module: FrontDoorModule }, []);
    await application.init();
    return application;
  }

  /** The gRPC surface, not listening. */
  grpc(): GrpcServer {
    const { recommending, users, items } = this.#desks;
    const services: Services = new Map([
      ['chorus.v1.Recommender', recommenderHandlers(recommending, clock)],
      ['chorus.v1.Users', usersHandlers(users, clock)],
      ['chorus.v1.Items', itemsHandlers(items, clock)],
    ]);
    return new GrpcServer(services, this.#health, clock);
  }
}
