import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import type { Clock } from '../../services/platform/clock/clock.ts';
import type { Health } from '../../services/platform/telemetry/health.ts';
import { plainRequest } from '../messages/plain-request.ts';
import { GrpcHealth, healthService } from './grpc-health.ts';
import { packageDefinition, serviceDefinition, type ServiceName } from './service-definitions.ts';

const maxReceiveBytes = 1024 * 1024;
const maxSendBytes = 4 * 1024 * 1024;
const maxStreams = 200;
const maxSessionMegabytes = 64;
/** Calls in flight get this long to end when the server closes, in ms. */
const drainMs = 20_000;

/** Of what is called often enough for its decoding to count. */
const quickReaders = { RecommendRequest: plainRequest };

/** What a gRPC port serves. */
export type Services = ReadonlyMap<ServiceName, UntypedServiceImplementation>;

/** The public gRPC port: the services it is given, their health, and reflection over exactly those. */
export class GrpcServer {
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #health: GrpcHealth;

  constructor(services: Services, health: Pick<Health, 'ready'>, clock: Clock) {
    this.#clock = clock;
    // Every limit that grpc-js leaves open by default would let one caller take the process.
    this.#server = new Server({
      'grpc.max_concurrent_streams': maxStreams,
      'grpc.max_receive_message_length': maxReceiveBytes,
      'grpc.max_send_message_length': maxSendBytes,
      'grpc-node.max_session_memory': maxSessionMegabytes,
      // Counts every message for a service that we do not offer.
      'grpc.enable_channelz': 0,
    });
    const names = [...services.keys()];
    for (const [name, handlers] of services) {
      this.#server.addService(serviceDefinition(name, quickReaders), handlers);
    }
    this.#health = new GrpcHealth(names, health);
    this.#health.open(this.#server, clock);
    const descriptors = { ...packageDefinition(names), ...this.#health.packageDefinition };
    const listed = { services: [...names, healthService] };
    new ReflectionService(descriptors, listed).addToServer(this.#server);
  }

  /**
   * Binds; port 0 picks a free one.
   * @returns the port bound.
   * @throws Error when the port cannot be had.
   */
  async listen(host: string, port: number): Promise<number> {
    return await new Promise((resolve, reject) => {
      const credentials = ServerCredentials.createInsecure();
      this.#server.bindAsync(`${host}:${port}`, credentials, (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
  }

  /** Refuses new calls, waits for those in flight, then closes. */
  async close(): Promise<void> {
    this.#health.close();
    await new Promise<void>((resolve) => {
      const cap = this.#clock.after(drainMs, () => this.#server.forceShutdown());
      this.#server.tryShutdown(() => {
        cap.cancel();
        resolve();
      });
    });
  }
}
