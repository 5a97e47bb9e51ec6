import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { ChorusError } from '../../domain/errors.ts';
import type { Clock } from '../clock/clock.ts';
import { logger } from '../telemetry/logger.ts';
import { shownHost } from '../wait-for-server.ts';
import { postgresError } from './postgres-error.ts';

/** What the clients of one database need. */
export interface PostgresClientsOptions {
  readonly clock: Clock;
  readonly pool: PoolConfig & { readonly connectionString: string };
  /** A call that got no client within this time fails as `unavailable`. */
  readonly acquireTimeoutMs: number;
}

/** The clients of one database: lent one at a time, each wait bounded. */
export class PostgresClients {
  readonly #clock: Clock;
  readonly #pool: Pool;
  readonly #acquireTimeoutMs: number;

  constructor({ clock, pool, acquireTimeoutMs }: PostgresClientsOptions) {
    this.#clock = clock;
    this.#acquireTimeoutMs = acquireTimeoutMs;
    this.#pool = new Pool(pool);
    const host = shownHost(pool.connectionString);
    // An idle client whose server went away; without a listener this ends the process.
    this.#pool.on('error', (error) => {
      logger.warn({ event: 'records.client_lost', host, reason: error.message }, 'lost a client');
    });
    // The pool listens to idle clients only; a lent one that breaks says so a second time here,
    // beside its query's rejection, and would end the process too.
    this.#pool.on('connect', (client) => {
      client.on('error', () => undefined);
    });
  }

  /**
   * A client for the caller alone, who must release it (with `true` when it is broken).
   * @throws ChorusError `unavailable` when there is none in time; `cancelled` or
   *   `deadline_exceeded` by the signal.
   */
  acquire(signal?: AbortSignal): Promise<PoolClient> {
    const { promise, resolve, reject } = Promise.withResolvers<PoolClient>();
    let isWaiting = true;
    const settle = (): boolean => {
      if (!isWaiting) return false;
      isWaiting = false;
      deadline.cancel();
      signal?.removeEventListener('abort', abort);
      return true;
    };
    const fail = (error: ChorusError): void => {
      if (settle()) reject(error);
    };
    const abort = (): void => fail(ChorusError.from(signal?.reason, 'cancelled'));
    // Not the pool's own time-out: it counts the wait for a client and the making of a connection
    // apart, and a name that does not resolve escapes it.
    const deadline = this.#clock.after(this.#acquireTimeoutMs, () => {
      const message = `no database client within ${this.#acquireTimeoutMs} ms: all are busy or the database cannot be reached`;
      fail(new ChorusError('unavailable', message));
    });
    signal?.addEventListener('abort', abort, { once: true });
    void this.#pool.connect().then(
      // When nobody waits for it any more it goes back at once.
      (client) => (settle() ? resolve(client) : client.release()),
      (error: unknown) => fail(postgresError(error, 'the database cannot be reached')),
    );
    return promise;
  }

  /** Ends all clients; those lent must have been released. */
  async close(): Promise<void> {
    await this.#pool.end();
  }
}
