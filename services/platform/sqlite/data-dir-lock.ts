import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ChorusError } from '../../domain/errors.ts';

/**
 * The right to a data directory, for one process at a time. It is an exclusive SQLite lock on a
 * file of its own: the kernel releases it with the process, however that dies, where a file with
 * a process id would lock a restarted container out of its own data.
 */
export class DataDirLock {
  readonly #database: DatabaseSync;

  /** @throws ChorusError `data_dir_in_use`, or `bad_setting` when the folder cannot be written. */
  constructor(dataDir: string) {
    this.#database = openLockFile(dataDir);
    try {
      this.#database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      this.#database.close();
      throw new ChorusError(
        'data_dir_in_use',
        `DATA_DIR ${dataDir} is in use by another process; give each process its own`,
        { cause: error },
      );
    }
  }

  release(): void {
    this.#database.close();
  }
}

function openLockFile(dataDir: string): DatabaseSync {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return new DatabaseSync(join(dataDir, 'owner.lock'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ChorusError('bad_setting', `DATA_DIR ${dataDir} cannot be used: ${reason}`, {
      cause: error,
    });
  }
}
