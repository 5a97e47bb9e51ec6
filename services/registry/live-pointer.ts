import { ChorusError } from '../domain/errors.ts';
import type { Clock } from '../platform/clock/clock.ts';
import type { Migration, Records } from '../platform/records/records.ts';
import { listBundleFolders } from './bundle-folder.ts';

/** Schema of the pointers that say which bundle is live. */
export const registryMigrations: readonly Migration[] = [
  {
    id: '0001-bundle-pointers',
    statements: () => [
      `CREATE TABLE bundle_pointers (
        mixture TEXT PRIMARY KEY,
        live TEXT NOT NULL,
        previous TEXT,
        updated_ms BIGINT NOT NULL
      )`,
    ],
  },
];

/** Says which bundle of a mixture is live. The row in the records is the truth; topics only announce it. */
export class LivePointer {
  readonly #records: Records;
  readonly #clock: Clock;

  constructor(records: Records, clock: Clock) {
    this.#records = records;
    this.#clock = clock;
  }

  /** The live version, or undefined when none was ever chosen. */
  async read(mixture: string): Promise<string | undefined> {
    const sql = 'SELECT live FROM bundle_pointers WHERE mixture = $1';
    const [result] = await this.#records.run([{ sql, params: [mixture] }]);
    const live = result?.rows[0]?.['live'];
    return typeof live === 'string' ? live : undefined;
  }

  /** The live version; at the very first start the newest one in `modelsDir` becomes it. */
  async readOrChoose(mixture: string, modelsDir: string): Promise<string> {
    const live = await this.read(mixture);
    if (live !== undefined) return live;
    const { versions, unreadable } = await listBundleFolders(modelsDir, mixture);
    const newest = versions.at(-1);
    if (newest === undefined) {
      const reasons = unreadable.length === 0 ? '' : `: ${unreadable.join('; ')}`;
      const message = `${modelsDir} holds no bundle of ${mixture}${reasons}`;
      throw new ChorusError('bundle_rejected', message);
    }
    const sql = `INSERT INTO bundle_pointers (mixture, live, updated_ms) VALUES ($1, $2, $3)
      ON CONFLICT (mixture) DO NOTHING`;
    await this.#records.run([{ sql, params: [mixture, newest, this.#clock.nowMs()] }]);
    // Another process may have chosen first: its choice holds.
    return (await this.read(mixture)) ?? newest;
  }

  /** Makes a version live and keeps the one before it for a rollback. */
  async move(mixture: string, version: string): Promise<void> {
    const sql = `INSERT INTO bundle_pointers (mixture, live, updated_ms) VALUES ($1, $2, $3)
      ON CONFLICT (mixture) DO UPDATE
      SET previous = bundle_pointers.live, live = excluded.live, updated_ms = excluded.updated_ms`;
    await this.#records.run([{ sql, params: [mixture, version, this.#clock.nowMs()] }]);
  }
}
