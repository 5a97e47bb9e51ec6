import type { Platform } from './platform.ts';
import type { Settings } from './settings.ts';
import type { Readiness } from './telemetry/readiness.ts';

/** The ports that something outside this process's memory may take away. */
type Ports = Pick<Platform, 'log' | 'records' | 'cache'>;

/**
 * Lets this process be ready only with its ports. A shared server is needed for the start alone:
 * one that fails later makes answers poorer, every process turning red at once would make them
 * impossible. What is embedded is this process's own and does not come back within it.
 * @param ports undefined until they are open.
 */
export function checkPorts(
  readiness: Readiness,
  { kafkaBrokers, databaseUrl, redisUrl }: Settings,
  ports: () => Ports | undefined,
): void {
  const check = (name: string, port: keyof Ports, isShared: boolean): void => {
    const probe = async (): Promise<boolean> => (await ports()?.[port].isHealthy()) ?? false;
    readiness.check(name, probe, isShared ? 'start' : 'always');
  };
  check('event_log', 'log', kafkaBrokers.length > 0);
  check('records', 'records', databaseUrl !== undefined);
  check('cache', 'cache', redisUrl !== undefined);
}
