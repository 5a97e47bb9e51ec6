// oxlint-disable unicorn/require-post-message-target-origin -- a thread's port has no origin
import { join } from 'node:path';
import {
  parentPort,
  receiveMessageOnPort,
  workerData,
  type MessagePort,
} from 'node:worker_threads';
import { ChorusError } from '../../domain/errors.ts';
import { DataDirLock } from './data-dir-lock.ts';
import type { SqliteCall, SqliteOutcome, SqliteReply, SqliteRequest } from './sqlite-call.ts';
import { sqliteError } from './sqlite-error.ts';
import { SqliteFile } from './sqlite-file.ts';

// Runs in a thread of its own, because every commit blocks its thread for an fsync.

/** A group larger than this would make its first caller wait too long. */
const maxGroupCalls = 1000;

class StorageThread {
  readonly #port: MessagePort;
  readonly #dataDir: string;
  readonly #lock: DataDirLock;
  readonly #files = new Map<string, SqliteFile>();

  constructor(port: MessagePort, dataDir: string) {
    this.#port = port;
    this.#dataDir = dataDir;
    this.#lock = new DataDirLock(dataDir);
  }

  /** Takes everything that queued while the last group was written, and writes it as one group. */
  receive(first: SqliteRequest): void {
    const calls: SqliteCall[] = [];
    let next: SqliteRequest | undefined = first;
    while (next !== undefined && 'calls' in next) {
      calls.push(...next.calls);
      next = calls.length < maxGroupCalls ? this.#waiting() : undefined;
    }
    if (calls.length > 0) this.#reply({ outcomes: this.#runGroup(calls) });
    if (next !== undefined) this.#close();
  }

  #runGroup(calls: readonly SqliteCall[]): readonly SqliteOutcome[] {
    const byFile = Map.groupBy(calls, ({ file }) => file);
    return Array.from(byFile).flatMap(([file, own]) => {
      try {
        return this.#file(file).runGroup(own);
      } catch (error) {
        const { code, message } = sqliteError(error, file);
        return own.map(({ id }) => ({ id, code, message }));
      }
    });
  }

  #file(name: string): SqliteFile {
    const open = this.#files.get(name);
    if (open !== undefined) return open;
    const file = new SqliteFile(join(this.#dataDir, `${name}.sqlite`));
    this.#files.set(name, file);
    return file;
  }

  #waiting(): SqliteRequest | undefined {
    // Only SqliteThread holds the other end.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return receiveMessageOnPort(this.#port)?.message as SqliteRequest | undefined;
  }

  #reply(reply: SqliteReply): void {
    this.#port.postMessage(reply);
  }

  #close(): void {
    for (const file of this.#files.values()) file.close();
    this.#lock.release();
    this.#port.close();
  }
}

function start(port: MessagePort): void {
  try {
    const thread = new StorageThread(port, String(workerData));
    port.on('message', (request: SqliteRequest) => thread.receive(request));
    port.postMessage({ opened: true } satisfies SqliteReply);
  } catch (error) {
    const { code, message } = ChorusError.from(error);
    port.postMessage({ refused: { code, message } } satisfies SqliteReply);
    port.close();
  }
}

if (parentPort !== null) start(parentPort);
