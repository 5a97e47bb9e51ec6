import {
  type HistoryEntry,
  unknownUser,
  unknownUserVersion,
  type UserState,
} from '../domain/user-state.ts';
import { userRecordKey } from '../domain/topics.ts';
import { deletedHoldMs, type Cache, type CacheSpace } from '../platform/cache/cache.ts';
import { DecodedOnce } from '../platform/cache/decoded-once.ts';
import type { Clock } from '../platform/clock/clock.ts';
import type { Random } from '../platform/random/random.ts';
import type { Migration, Records, Statement } from '../platform/records/records.ts';

/** Schema of the users. One row is one user's whole state, because it is always read whole. */
export const userMigrations: readonly Migration[] = [
  {
    id: '0002-users',
    statements: () => [
      `CREATE TABLE users (
        tenant TEXT NOT NULL,
        user_id TEXT NOT NULL,
        version TEXT NOT NULL,
        history TEXT NOT NULL,
        updated_ms BIGINT NOT NULL,
        PRIMARY KEY (tenant, user_id)
      )`,
    ],
  },
];

const minuteMs = 60_000;

/** The current version of a user; changes with every feedback, so never read from near. */
const versions: CacheSpace = {
  name: 'user-version',
  ttlMs: 10 * minuteMs,
  ttlJitter: 0.1,
  immutable: false,
};
/** A user's state by version: a version never means another state, so near copies are safe. */
const states: CacheSpace = {
  name: 'user-state',
  ttlMs: 10 * minuteMs,
  ttlJitter: 0.1,
  immutable: true,
};

/** What user states are made with. */
export interface UserStatesParts {
  readonly records: Records;
  readonly cache: Cache;
  readonly clock: Clock;
  readonly random: Random;
}

/** A user as an import brings it. */
export interface ImportedUser {
  readonly userId: string;
  /** Oldest first. */
  readonly history: readonly HistoryEntry[];
}

/**
 * What is known of each user. The records hold the truth, the shared cache a hot copy. A version
 * is a random token, so that a lost cache can never repeat one.
 *
 * A change writes the row, then deletes the cached version. A reader that had read the older row
 * by then cannot bring it back: for `deletedHoldMs` after a deletion the cache refuses `add`, and
 * a reader that took longer than half of that to read does not add. What is left is a cache that
 * executes a command which it received more than a second before, or that lost the mark: then the
 * older version lives until its time to live ends (10 min).
 */
export class UserStates {
  readonly #parts: UserStatesParts;
  readonly #decoder = new TextDecoder();
  readonly #versions = new DecodedOnce((bytes) => this.#decoder.decode(bytes));
  readonly #encoder = new TextEncoder();

  constructor(parts: UserStatesParts) {
    this.#parts = parts;
  }

  /** The user's version, `unknownUserVersion` for somebody never seen. */
  async version(tenant: string, userId: string): Promise<string> {
    if (userId === '') return unknownUserVersion;
    const key = userRecordKey(tenant, userId);
    const cached = await this.#parts.cache.get(versions, key);
    if (cached !== undefined) return this.#versions.of(cached);
    return (await this.#load(tenant, userId)).version;
  }

  /** The state as the records have it; undefined for somebody of whom nothing is known. */
  async get(tenant: string, userId: string): Promise<UserState | undefined> {
    const state = await this.#load(tenant, userId);
    return state.version === unknownUserVersion ? undefined : state;
  }

  /**
   * Forgets a user: gone from every answer that begins after this resolved.
   * @returns false when there was nobody to forget.
   * @throws ChorusError `unavailable` when the records or the shared cache could not be told;
   *   then it may have happened or not: remove again.
   */
  async remove(tenant: string, userId: string): Promise<boolean> {
    const sql = 'DELETE FROM users WHERE tenant = $1 AND user_id = $2 RETURNING version';
    const [result] = await this.#parts.records.run([{ sql, params: [tenant, userId] }]);
    const version = result?.rows[0]?.['version'];
    // Also when there was no row: an earlier call may have deleted it without reaching the cache.
    await this.#parts.cache.delete(versions, [userRecordKey(tenant, userId)]);
    if (version === undefined) return false;
    await this.#parts.cache.delete(states, [stateKey(tenant, userId, String(version))]);
    return true;
  }

  /** The state behind a version read a moment ago; the newest one when that is gone already. */
  async state(tenant: string, userId: string, version: string): Promise<UserState> {
    if (version === unknownUserVersion) return unknownUser;
    const cached = await this.#parts.cache.get(states, stateKey(tenant, userId, version));
    if (cached === undefined) return await this.#load(tenant, userId);
    return { version, history: decodeHistory(this.#decoder.decode(cached)) };
  }

  /** Writes whole users, each with a new version. */
  async replace(tenant: string, users: readonly ImportedUser[]): Promise<void> {
    const statements = users.map(({ userId, history }): Statement => ({
      sql: `INSERT INTO users (tenant, user_id, version, history, updated_ms)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant, user_id) DO UPDATE SET version = excluded.version,
          history = excluded.history, updated_ms = excluded.updated_ms`,
      params: [
        tenant,
        userId,
        this.#parts.random.id(),
        encodeHistory(history),
        this.#parts.clock.nowMs(),
      ],
    }));
    await this.#parts.records.run(statements);
    await this.#parts.cache.delete(
      versions,
      users.map(({ userId }) => userRecordKey(tenant, userId)),
    );
  }

  /** How many users a tenant has. */
  async count(tenant: string): Promise<number> {
    const sql = 'SELECT COUNT(*) AS users FROM users WHERE tenant = $1';
    const [result] = await this.#parts.records.run([{ sql, params: [tenant] }]);
    return Number(result?.rows[0]?.['users'] ?? 0);
  }

  async #load(tenant: string, userId: string): Promise<UserState> {
    const { cache, clock, records } = this.#parts;
    const startedUs = clock.monotonicUs();
    const sql = 'SELECT version, history FROM users WHERE tenant = $1 AND user_id = $2';
    const [result] = await records.run([{ sql, params: [tenant, userId] }]);
    const row = result?.rows[0];
    const version = row === undefined ? unknownUserVersion : String(row['version']);
    const text = row === undefined ? '[]' : String(row['history']);
    const isFresh = clock.monotonicUs() - startedUs < (deletedHoldMs * 1000) / 2;
    await Promise.all([
      isFresh && cache.add(versions, userRecordKey(tenant, userId), this.#encoder.encode(version)),
      version !== unknownUserVersion &&
        cache.set(states, stateKey(tenant, userId, version), this.#encoder.encode(text)),
    ]);
    return { version, history: decodeHistory(text) };
  }
}

/** A history as it is stored: `[item, weight, ms]` for each entry, oldest first. */
type StoredHistory = readonly (readonly [itemId: string, weight: number, timeMs: number])[];

function encodeHistory(history: readonly HistoryEntry[]): string {
  const stored: StoredHistory = history.map(({ itemId, weight, timeMs }) => [
    itemId,
    weight,
    timeMs,
  ]);
  return JSON.stringify(stored);
}

/** Only `encodeHistory` writes what is read here, so the shape is known; checking it would cost three times the reading. */
function decodeHistory(text: string): readonly HistoryEntry[] {
  const stored: StoredHistory = JSON.parse(text);
  return stored.map(([itemId, weight, timeMs]) => ({ itemId, weight, timeMs }));
}

function stateKey(tenant: string, userId: string, version: string): string {
  return `${userRecordKey(tenant, userId)}/${version}`;
}
