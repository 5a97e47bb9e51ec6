// oxlint-disable unicorn/require-post-message-target-origin -- a thread's port has no origin
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ChorusError } from '../../domain/errors.ts';
import type { Result, Value } from '../records/records.ts';
import { packRows } from './packed-rows.ts';
import type {
  SentStatement,
  SqliteCall,
  SqliteOutcome,
  SqliteReply,
  SqliteRequest,
  SqliteStatement,
} from './sqlite-call.ts';

interface Waiter {
  resolve(results: readonly Result[]): void;
  reject(error: ChorusError): void;
}

/**
 * The one thread that owns all SQLite files of a data directory. Each call is atomic and on disk
 * when it resolves; calls made while a commit is under way share the next one.
 */
export class SqliteThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiter>();
  readonly #exited: Promise<void>;
  #queued: SqliteCall[] = [];
  #nextId = 0;
  #failure: ChorusError | undefined;
  #closed: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  /**
   * Takes possession of `dataDir`, making it if need be.
   * @throws ChorusError `data_dir_in_use` when another process holds it, `bad_setting` when it
   *   cannot be written.
   */
  static async open(dataDir: string): Promise<SqliteThread> {
    // tsc does not rewrite this path, so it takes the ending that this file has: .ts or .js.
    const file = new URL(`./sqlite-worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(file, { workerData: dataDir, name: 'chorus-storage', execArgv: [] });
    const { promise, resolve, reject } = Promise.withResolvers<SqliteReply>();
    worker.once('message', resolve);
    worker.once('error', reject);
    const reply = await promise.catch((error: unknown) => {
      throw ChorusError.from(error);
    });
    if ('refused' in reply) throw new ChorusError(reply.refused.code, reply.refused.message);
    worker.off('error', reject);
    return new SqliteThread(worker);
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (reply: SqliteReply) => {
      if ('outcomes' in reply) for (const outcome of reply.outcomes) this.#settle(outcome);
    });
    worker.on('error', (error) => this.#fail('the storage thread broke', error));
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#fail('the storage thread has ended');
        resolve();
      });
    });
  }

  /**
   * Runs the statements on the database `file`, all or none.
   * @throws ChorusError `conflict`, `invalid_argument`; `unavailable` for a full disk, an I/O
   *   error, or when the thread is gone.
   */
  async run(file: string, statements: readonly SqliteStatement[]): Promise<readonly Result[]> {
    if (this.#closed !== undefined) throw new ChorusError('unavailable', 'the storage is closed');
    if (this.#failure !== undefined) throw this.#failure;
    const sent = statements.map((statement) => portable(statement));
    const id = this.#nextId;
    this.#nextId += 1;
    const { promise, resolve, reject } = Promise.withResolvers<readonly Result[]>();
    this.#waiting.set(id, { resolve, reject });
    // One message for all calls of this turn: a message costs more than the calls in it.
    if (this.#queued.length === 0) queueMicrotask(() => this.#post());
    this.#queued.push({ id, file, statements: sent });
    return promise;
  }

  /** Waits for every call made so far, closes the files and gives the directory back. Harmless twice. */
  async close(): Promise<void> {
    this.#closed ??= this.#closeOnce();
    return this.#closed;
  }

  /** Ends the thread in the middle of whatever it does, as a crash would; for tests. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
    await this.#exited;
  }

  async #closeOnce(): Promise<void> {
    if (this.#waiting.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    this.#worker.postMessage({ close: true } satisfies SqliteRequest);
    await this.#exited;
  }

  #post(): void {
    const calls = this.#queued;
    this.#queued = [];
    try {
      this.#worker.postMessage({ calls } satisfies SqliteRequest, buffersOf(calls));
    } catch (error) {
      const { code, message } = ChorusError.from(error, 'invalid_argument');
      for (const { id } of calls) this.#settle({ id, code, message });
    }
  }

  #settle(outcome: SqliteOutcome): void {
    const waiter = this.#waiting.get(outcome.id);
    this.#waiting.delete(outcome.id);
    if ('results' in outcome) waiter?.resolve(outcome.results);
    else waiter?.reject(new ChorusError(outcome.code, outcome.message));
    if (this.#waiting.size === 0) this.#onIdle?.();
  }

  #fail(message: string, cause?: unknown): void {
    this.#failure ??= new ChorusError('unavailable', message, { cause });
    for (const waiter of this.#waiting.values()) waiter.reject(this.#failure);
    this.#waiting.clear();
    this.#onIdle?.();
  }
}

function portable({ rows, ...statement }: SqliteStatement): SentStatement {
  const { params } = statement;
  if (rows !== undefined) return { ...statement, rows: packRows(rows) };
  if (params === undefined) return statement;
  return { ...statement, params: params.map((value) => trimmed(value)) };
}

// A view would travel with the whole buffer behind it: 8 KiB for a few bytes of Node's pool.
function trimmed(value: Value): Value {
  if (!(value instanceof Uint8Array)) return value;
  // Not `slice` of its own class: a Buffer's slice is a view again.
  return value.byteLength === value.buffer.byteLength ? value : new Uint8Array(value);
}

function buffersOf(calls: readonly SqliteCall[]): ArrayBuffer[] {
  return calls.flatMap(({ statements }) =>
    statements.flatMap(({ rows }) => (rows === undefined ? [] : [rows.bytes.buffer])),
  );
}
