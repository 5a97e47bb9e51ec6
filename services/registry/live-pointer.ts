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

/** Which version of a mixture a start opens. */
export interface BundleChoice {
  readonly version: string;
  /** False at the very first start: then it is a proposal until `accept`. */
  readonly isLive: boolean;
}

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

  /**
   * The live version; while there is none, the newest in `modelsDir`. Nothing is written: a bundle
   * that turns out to be broken must not stay chosen when it was replaced.
   * @throws ChorusError `bundle_rejected` when there is none to choose.
   */
  async readOrPropose(mixture: string, modelsDir: string): Promise<BundleChoice> {
    const live = await this.read(mixture);
    if (live !== undefined) return { version: live, isLive: true };
    const { versions, unreadable } = await listBundleFolders(modelsDir, mixture);
    const newest = versions.at(-1);
    if (newest !== undefined) return { version: newest, isLive: false };
    const reasons = unreadable.length === 0 ? '' : `: ${unreadable.join('; ')}`;
    throw new ChorusError(
      'bundle_rejected',
      `${modelsDir} holds no bundle of ${mixture}${reasons}`,
    );
  }

  /**
   * Makes a proposed version live, once it proved good. Of several processes the first one decides.
   * @throws ChorusError `unavailable` when that was for another version: the next start takes it.
   */
  async accept(mixture: string, version: string): Promise<void> {
    const sql = `INSERT INTO bundle_pointers (mixture, live, updated_ms) VALUES ($1, $2, $3)
      ON CONFLICT (mixture) DO NOTHING`;
    await this.#records.run([{ sql, params: [mixture, version, this.#clock.nowMs()] }]);
    const live = await this.read(mixture);
    if (live === version) return;
    const message = `another process made ${mixture}/${String(live)} live while this one opened ${mixture}/${version}: start again`;
    throw new ChorusError('unavailable', message);
  }

  /** Makes a version live and keeps the one before it for a rollback. */
  async move(mixture: string, version: string): Promise<void> {
    const sql = `INSERT INTO bundle_pointers (mixture, live, updated_ms) VALUES ($1, $2, $3)
      ON CONFLICT (mixture) DO UPDATE
      SET previous = bundle_pointers.live, live = excluded.live, updated_ms = excluded.updated_ms`;
    await this.#records.run([{ sql, params: [mixture, version, this.#clock.nowMs()] }]);
  }
}
