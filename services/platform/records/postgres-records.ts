import { ChorusError } from '../../domain/errors.ts';
import type { Clock } from '../clock/clock.ts';
import { waitForServer, type ServerConnection } from '../wait-for-server.ts';
import { checkStatements } from './check-statements.ts';
import { PostgresClients } from './postgres-clients.ts';
import { isBadUrl, isBroken, isOutdatedPlan, isRepeatable } from './postgres-error.ts';
import { migratePostgres } from './postgres-migrations.ts';
import { runTransaction } from './postgres-transaction.ts';
import { postgresTypes } from './postgres-values.ts';
import type { Migration, Records, Result, Statement } from './records.ts';
import { StatementNames } from './statement-names.ts';
import { untilAborted } from './until-aborted.ts';

/** Where the database is, and how much of it this process may use. */
export interface PostgresRecordsOptions extends ServerConnection {
  /** Connections at once, 10 unless told; more would only queue inside the server. */
  readonly maxClients?: number;
  /** A call that got no connection within this time fails; 2 s unless told. */
  readonly acquireTimeoutMs?: number;
  /** A statement that runs longer is ended by the server; 5 s unless told. */
  readonly statementTimeoutMs?: number;
}

const maxAttempts = 4;
const firstPauseMs = 5;

/** The records port on PostgreSQL. */
export class PostgresRecords implements Records {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #clients: PostgresClients;
  readonly #names = new StatementNames();
  readonly #inFlight = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /** Connects when first asked; `PostgresRecords.connect` waits for the server before. */
  constructor({
    url,
    clock,
    maxClients = 10,
    acquireTimeoutMs = 2000,
    statementTimeoutMs = 5000,
  }: PostgresRecordsOptions) {
    this.#url = url;
    this.#clock = clock;
    this.#clients = new PostgresClients({
      clock,
      acquireTimeoutMs,
      pool: {
        connectionString: url,
        application_name: 'chorus',
        types: postgresTypes,
        pipeline: true,
        max: maxClients,
        keepAlive: true,
        // Frees the place of a connection attempt that nobody answers; callers give up earlier.
        connectionTimeoutMillis: 5000,
        statement_timeout: statementTimeoutMs,
        idle_in_transaction_session_timeout: statementTimeoutMs,
        // For a server that does not answer at all: the connection is dropped.
        query_timeout: statementTimeoutMs + 1000,
      },
    });
  }

  /**
   * Opens the records once the database answers, waiting for it by name.
   * @throws ChorusError `bad_setting` when it refuses the URL's credentials or has no such
   *   database; `cancelled` or `deadline_exceeded` by the signal.
   */
  static async connect(options: PostgresRecordsOptions): Promise<PostgresRecords> {
    const records = new PostgresRecords(options);
    try {
      await waitForServer('PostgreSQL', options, async () => {
        await records.run([{ sql: 'SELECT 1' }], options.signal).catch((error: unknown) => {
          throw asBadSetting(error);
        });
      });
      return records;
    } catch (error) {
      await records.close();
      throw error;
    }
  }

  async run(statements: readonly Statement[], signal?: AbortSignal): Promise<readonly Result[]> {
    this.#refuseWhenClosed();
    if (signal?.aborted === true) throw ChorusError.from(signal.reason, 'cancelled');
    checkStatements(statements);
    if (statements.length === 0) return [];
    // What an abort leaves behind goes on without its caller: it is undone if it was not yet
    // committed, and its client comes back.
    return untilAborted(this.#track(this.#runRepeatedly(statements, signal)), signal);
  }

  async migrate(migrations: readonly Migration[]): Promise<void> {
    this.#refuseWhenClosed();
    await this.#track(migratePostgres(this.#url, migrations, this.#clock));
    this.#names.renew();
  }

  async isHealthy(): Promise<boolean> {
    return this.run([{ sql: 'SELECT 1' }]).then(
      () => true,
      () => false,
    );
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#inFlight);
    await this.#clients.close();
  }

  async #runRepeatedly(
    statements: readonly Statement[],
    signal: AbortSignal | undefined,
  ): Promise<readonly Result[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
        return await this.#runOnce(statements, signal);
      } catch (error) {
        const isOutdated = isOutdatedPlan(error);
        if (isOutdated) this.#names.renew();
        if (attempt === maxAttempts || !(isOutdated || isRepeatable(error))) throw error;
      }
      // oxlint-disable-next-line no-await-in-loop
      await this.#clock.sleep(firstPauseMs * 2 ** attempt, signal);
    }
  }

  async #runOnce(
    statements: readonly Statement[],
    signal: AbortSignal | undefined,
  ): Promise<readonly Result[]> {
    const client = await this.#clients.acquire(signal);
    try {
      const results = await runTransaction({ client, names: this.#names, statements, signal });
      client.release();
      return results;
    } catch (error) {
      client.release(isBroken(error));
      throw error;
    }
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== undefined) throw new ChorusError('unavailable', 'the records are closed');
  }

  #track<T>(call: Promise<T>): Promise<T> {
    this.#inFlight.add(call);
    const forget = (): void => void this.#inFlight.delete(call);
    call.then(forget, forget);
    return call;
  }
}

function asBadSetting(error: unknown): unknown {
  const cause = error instanceof ChorusError ? error.cause : undefined;
  if (!(cause instanceof Error)) return error;
  if (!isBadUrl(error)) return cause;
  return new ChorusError('bad_setting', `DATABASE_URL: PostgreSQL refuses it: ${cause.message}`, {
    cause,
  });
}
