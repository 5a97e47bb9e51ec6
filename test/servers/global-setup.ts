import type { TestProject } from 'vitest/node';
import { kafka } from './kafka.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';
import type { RunningServer, ServerKind } from './server-kind.ts';

/** Addresses of the real servers that this run has; a missing one means: skip, with words. */
export interface ServerAddresses {
  readonly kafka?: string;
  readonly postgres?: string;
  readonly redis?: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    servers: ServerAddresses;
  }
}

/** Starts the servers that this machine offers, names the others, and stops them all at the end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const running: RunningServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((server) => server.stop()));
  };
  const startIfPossible = async (kind: ServerKind): Promise<string | undefined> => {
    const missing = kind.whyMissing();
    if (missing !== undefined) {
      project.vitest.logger.log(`skipped: everything on ${kind.name}: ${missing}`);
      return undefined;
    }
    const server = await kind.start();
    running.push(server);
    return server.address;
  };
  const starts = await Promise.allSettled([kafka, postgres, redis].map(startIfPossible));
  const failure = starts.find((start) => start.status === 'rejected');
  if (failure !== undefined) {
    await stop();
    throw failure.reason;
  }
  const [kafkaAddress, postgresAddress, redisAddress] = starts.map((start) =>
    start.status === 'fulfilled' ? start.value : undefined,
  );
  project.provide('servers', {
    ...(kafkaAddress !== undefined && { kafka: kafkaAddress }),
    ...(postgresAddress !== undefined && { postgres: postgresAddress }),
    ...(redisAddress !== undefined && { redis: redisAddress }),
  });
  return stop;
}
