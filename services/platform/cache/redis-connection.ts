import { Redis } from 'ioredis';
import { ChorusError } from '../../domain/errors.ts';
import type { Random } from '../random/random.ts';
import { logger } from '../telemetry/logger.ts';
import { shownHost, waitForServer, type ServerConnection } from '../wait-for-server.ts';

/** Where Redis is, and what its connection needs. */
export interface RedisConnection extends ServerConnection {
  readonly random: Random;
}

const firstReconnectMs = 50;
const longestReconnectMs = 1000;

/**
 * Opens a connection that never makes a caller wait: nothing is queued while Redis is away,
 * nothing is sent twice, every command is given up after 50 ms, and the connection is made anew
 * for as long as it is not closed. Waits at start until Redis answers.
 */
export async function connectRedis(connection: RedisConnection): Promise<Redis> {
  const { url, random } = connection;
  let started = false;
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 50,
    autoResendUnfulfilledCommands: false,
    // Not ioredis's automatic pipelining: its pipelines run one at a time, so that a command behind
    // one that Redis does not answer waits for that one's 50 ms and then for its own. Gathering the
    // reads of a turn (GatheredReads) is what saves; single writes cost the same either way.
    enableAutoPipelining: false,
    connectTimeout: 500,
    // A server that stopped, or a network that swallows packets, keeps the connection open: without
    // this every read would wait its 50 ms and the unanswered commands would pile up.
    socketTimeout: 500,
    disconnectTimeout: 200,
    // Before the first connection ioredis must not try again by itself: the wait is ours, by name.
    retryStrategy: (times) => (started ? reconnectPauseMs(times, random) : null),
  });
  let failure: unknown;
  redis.on('error', (error) => {
    failure = error;
  });
  try {
    await waitForServer('Redis', connection, async () => {
      try {
        await redis.connect();
      } catch (error) {
        // ioredis rejects with "connection is closed" and tells the reason by the event only.
        throw asBadSetting(failure) ?? failure ?? error;
      }
    });
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  started = true;
  reportChanges(redis, shownHost(url));
  return redis;
}

function reconnectPauseMs(times: number, random: Random): number {
  const pauseMs = Math.min(longestReconnectMs, firstReconnectMs * 2 ** Math.min(times, 10));
  // Half of it by chance, so that all clients of a restarted Redis do not come back at once.
  return Math.round(pauseMs * (0.5 + random.uniform() / 2));
}

function asBadSetting(error: unknown): ChorusError | undefined {
  // Not `instanceof ReplyError`: ioredis declares that class as any.
  if (
    !(error instanceof Error) ||
    !/^(WRONGPASS|NOAUTH|NOPERM|ERR.*DB index)/.test(error.message)
  ) {
    return undefined;
  }
  return new ChorusError('bad_setting', `REDIS_URL: Redis refuses it: ${error.message}`, {
    cause: error,
  });
}

/** One line when Redis went away and one when it is back, however often it is tried in between. */
function reportChanges(redis: Redis, host: string): void {
  let isThere = true;
  redis.on('reconnecting', () => {
    if (isThere)
      logger.warn({ event: 'cache.lost', host }, 'Redis is away: reads miss until it is back');
    isThere = false;
  });
  redis.on('ready', () => {
    if (!isThere) logger.info({ event: 'cache.back', host }, 'Redis is back');
    isThere = true;
  });
}
