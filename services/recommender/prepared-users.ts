import { LRUCache } from 'lru-cache';
import type { RecommendRequest } from '../domain/recommendation.ts';
import { userRecordKey } from '../domain/topics.ts';
import { unknownUserVersion, type UserState } from '../domain/user-state.ts';
import type { Clock } from '../platform/clock/clock.ts';
import { metrics } from '../platform/telemetry/metrics.ts';
import type { BaseVectors } from './base-vectors.ts';
import { knownHistory, type WholeHistory } from './history.ts';
import { type PreparedUser, preparedBytes, prepareUser } from './prepared-user.ts';
import type { RecommenderBundle } from './recommender-bundle.ts';

/** What users are prepared with. */
export interface PreparedUsersParts {
  readonly bundle: RecommenderBundle;
  readonly base: Pick<BaseVectors, 'of'>;
  readonly clock: Clock;
  /** The state behind a version read a moment ago, or a newer one. */
  readonly load: (tenant: string, userId: string, version: string) => Promise<UserState>;
  /** Room for prepared users; 64 MiB unless told. */
  readonly maxBytes?: number;
}

const defaultMaxBytes = 64 * 1024 * 1024;

/**
 * The users whom one bundle answered lately, prepared once per version of each: whoever asks again
 * pays for candidates, experts and head alone. Requests that come together for one user share the
 * work. The version is the key, so an older state never passes for the newest one; what an older
 * version may lend, and only while the newer one's is being computed, is u0, and that is marked.
 */
export class PreparedUsers {
  readonly #parts: PreparedUsersParts;
  /** The newest prepared one of each user. */
  readonly #kept: LRUCache<string, PreparedUser>;
  readonly #begun = new Map<string, Promise<Begun>>();
  /** Of each user who is being prepared: the version that may be kept. */
  readonly #newest = new Map<string, string>();
  readonly #nobody: PreparedUser;

  constructor(parts: PreparedUsersParts) {
    this.#parts = parts;
    this.#kept = new LRUCache({
      maxSize: parts.maxBytes ?? defaultMaxBytes,
      sizeCalculation: preparedBytes,
    });
    const { bundle } = parts;
    const nothing = bundle.baseBlocks.map(({ width }) => new Float32Array(width));
    this.#nobody = prepareUser(bundle, unknownUserVersion, knownHistory(bundle, [], []), nothing);
  }

  /** The user at this version if there is nothing left to prepare; a session makes a user of its own. */
  ready({ tenant, userId, session }: RecommendRequest, version: string): PreparedUser | undefined {
    if (session.length > 0) return undefined;
    if (version === unknownUserVersion) {
      // Whoever was deleted lends nothing to whoever may take that id.
      if (userId !== '') this.#forget(tenant, userId);
      return this.#nobody;
    }
    const kept = this.#kept.get(userRecordKey(tenant, userId));
    if (kept?.version !== version) return undefined;
    metrics.preparedUsers.inc({ result: 'hit' });
    return kept;
  }

  /**
   * Prepares the user of a request that `ready` did not have.
   * @param patienceMs how long to wait for u0 where an earlier version has one to lend.
   * @throws ChorusError of `load`, or of the fold-in where nobody can lend a u0.
   */
  async prepare(
    request: RecommendRequest,
    version: string,
    patienceMs: number,
  ): Promise<PreparedUser> {
    const { tenant, userId } = request;
    if (request.session.length > 0) return await this.#prepareSession(request, version);
    const key = userRecordKey(tenant, userId);
    const begun = await this.#begin(key, tenant, userId, version);
    const old = this.#kept.get(key);
    if (old === undefined || old.version === begun.version) return await begun.user;
    return (await this.#inTime(begun.user, patienceMs)) ?? this.#withOldBase(begun, old);
  }

  #forget(tenant: string, userId: string): void {
    if (this.#kept.size === 0 && this.#newest.size === 0) return;
    const key = userRecordKey(tenant, userId);
    this.#kept.delete(key);
    this.#newest.delete(key);
  }

  async #prepareSession(
    { tenant, userId, session }: RecommendRequest,
    version: string,
  ): Promise<PreparedUser> {
    const { bundle, load } = this.#parts;
    metrics.preparedUsers.inc({ result: 'session' });
    const state = await load(tenant, userId, version);
    return await this.#fold(state.version, knownHistory(bundle, state.history, session));
  }

  /** Loads the state and starts the fold-in, once for all who want this version. */
  #begin(key: string, tenant: string, userId: string, version: string): Promise<Begun> {
    const id = `${key}/${version}`;
    const running = this.#begun.get(id);
    metrics.preparedUsers.inc({ result: running === undefined ? 'miss' : 'joined' });
    if (running !== undefined) return running;
    const beginning = this.#load(key, tenant, userId, version);
    this.#begun.set(id, beginning);
    this.#newest.set(key, version);
    const end = (): void => {
      this.#begun.delete(id);
      if (this.#newest.get(key) === version) this.#newest.delete(key);
    };
    beginning.then(({ user }) => user.then(end, end), end);
    return beginning;
  }

  async #load(key: string, tenant: string, userId: string, asked: string): Promise<Begun> {
    const { bundle, load } = this.#parts;
    const { version, history: past } = await load(tenant, userId, asked);
    const history = knownHistory(bundle, past, []);
    const user = this.#fold(version, history).then((prepared) => {
      // One that took so long that the user is at another version by now, or gone, stays away.
      const isNewest = this.#newest.get(key) === asked;
      if (isNewest && version !== unknownUserVersion) this.#kept.set(key, prepared);
      return prepared;
    });
    return { version, history, user };
  }

  async #fold(version: string, history: WholeHistory): Promise<PreparedUser> {
    const { bundle, base } = this.#parts;
    return prepareUser(bundle, version, history, await base.of(history));
  }

  /** Undefined when it takes longer or fails. */
  async #inTime(
    user: Promise<PreparedUser>,
    patienceMs: number,
  ): Promise<PreparedUser | undefined> {
    const { promise, resolve } = Promise.withResolvers<PreparedUser | undefined>();
    const timer = this.#parts.clock.after(patienceMs, () => resolve(undefined));
    user.then(resolve, () => resolve(undefined));
    try {
      return await promise;
    } finally {
      timer.cancel();
    }
  }

  #withOldBase({ version, history }: Begun, { vectors }: PreparedUser): PreparedUser {
    metrics.preparedUsers.inc({ result: 'old_base' });
    const prepared = prepareUser(this.#parts.bundle, version, history, vectors);
    return { ...prepared, isBaseOld: true };
  }
}

/** A user whose state is loaded and whose fold-in is under way. */
interface Begun {
  readonly version: string;
  readonly history: WholeHistory;
  readonly user: Promise<PreparedUser>;
}
