import type {
  handleUnaryCall,
  Server,
  ServerWritableStream,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { HealthImplementation, protoPath } from 'grpc-health-check';
import type { Clock, Timer } from '../../services/platform/clock/clock.ts';
import type { Health } from '../../services/platform/telemetry/health.ts';

/** How often watchers learn whether this process is ready, in ms. */
const checkEveryMs = 1000;

/** Name of the service, for reflection. */
export const healthService = 'grpc.health.v1.Health';

type Watch = ServerWritableStream<object, object>;

/** `grpc.health.v1.Health`: whether new work may be sent here, for the whole port and each service. */
export class GrpcHealth {
  readonly #names: readonly string[];
  readonly #health: Pick<Health, 'ready'>;
  readonly #implementation = new HealthImplementation();
  readonly #watches = new Set<Watch>();
  #timer: Timer | undefined;
  #isClosing = false;

  constructor(services: readonly string[], health: Pick<Health, 'ready'>) {
    // The empty name stands for the whole server.
    this.#names = ['', ...services];
    this.#health = health;
    this.#say('NOT_SERVING');
  }

  /** Its descriptors, for reflection. */
  get packageDefinition(): PackageDefinition {
    return loadSync(protoPath);
  }

  /** Serves it, and asks the process's readiness every second from now on. */
  open(server: Server, clock: Clock): void {
    this.#implementation.addToServer({
      addService: (service, handlers) => {
        server.addService(service, this.#upToDate(handlers));
      },
    });
    this.#timer = clock.every(checkEveryMs, () => void this.#refresh());
  }

  /** Sends callers elsewhere and ends the watches, for which the server's end would wait. */
  close(): void {
    this.#isClosing = true;
    this.#timer?.cancel();
    this.#say('NOT_SERVING');
    for (const watch of this.#watches) watch.end();
  }

  /** The handlers of the package know what they were told last; who asks shall hear what is true now. */
  #upToDate(handlers: UntypedServiceImplementation): UntypedServiceImplementation {
    const { check, watch } = handlers;
    if (!check || !watch) throw new TypeError('the health service lacks a method');
    return {
      ...handlers,
      check: (call: Parameters<handleUnaryCall<object, object>>[0], reply: unknown): void => {
        void this.#refresh().then(() => Reflect.apply(check, undefined, [call, reply]));
      },
      watch: (call: Watch): void => {
        this.#watches.add(call);
        call.on('close', () => this.#watches.delete(call));
        void this.#refresh().then(() => Reflect.apply(watch, undefined, [call]));
      },
    };
  }

  async #refresh(): Promise<void> {
    const { status } = await this.#health.ready();
    if (!this.#isClosing) this.#say(status === 200 ? 'SERVING' : 'NOT_SERVING');
  }

  #say(status: 'SERVING' | 'NOT_SERVING'): void {
    for (const name of this.#names) this.#implementation.setStatus(name, status);
  }
}
