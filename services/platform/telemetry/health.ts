import type { RoleName } from '../../domain/role.ts';
import type { Readiness } from './readiness.ts';

/** A health answer: its HTTP status and its JSON body. */
export interface HealthReply {
  readonly status: 200 | 503;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What this process says of itself, in the same words on every port. */
export class Health {
  /** Where models run: `cpu` or `cuda`. Known once the model runner is open. */
  device = 'cpu';
  readonly #readiness: Readiness;
  readonly #roles: readonly RoleName[];

  constructor(readiness: Readiness, roles: readonly RoleName[]) {
    this.#readiness = readiness;
    this.#roles = roles;
  }

  /** The event loop turns: nothing else kills a process that waits for a server. */
  live(): HealthReply {
    return { status: 200, body: { status: 'alive' } };
  }

  /** Whether new work may be sent here, check by check. */
  async ready(): Promise<HealthReply> {
    const { ready, checks } = await this.#readiness.report();
    return { status: ready ? 200 : 503, body: { ready, checks } };
  }

  /** The first four fields are those that text clients ask for before they use the service. */
  async summary(): Promise<HealthReply> {
    const { ready, checks } = await this.#readiness.report();
    const body = {
      status: ready ? 'healthy' : 'unhealthy',
      models_loaded: checks['bundle_loaded'] ?? false,
      cuda_available: this.device === 'cuda',
      device: this.device,
      roles: this.#roles,
      checks,
    };
    return { status: ready ? 200 : 503, body };
  }
}
