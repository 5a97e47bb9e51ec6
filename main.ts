import 'reflect-metadata';
import { GatewayRole } from './gateway/gateway-role.ts';
import { AggregatorRole } from './services/flows/aggregator-role.ts';
import { migrations } from './services/flows/migrations.ts';
import { RealClock } from './services/platform/clock/real-clock.ts';
import { Lifecycle, type Part } from './services/platform/lifecycle.ts';
import { openPlatform } from './services/platform/open-platform.ts';
import type { Platform } from './services/platform/platform.ts';
import { checkPorts } from './services/platform/port-checks.ts';
import { ProcessExit } from './services/platform/process-exit.ts';
import { aggregatesHere, readSettings, type Settings } from './services/platform/settings.ts';
import { measureEventLoopDelay } from './services/platform/telemetry/event-loop-delay.ts';
import { Health } from './services/platform/telemetry/health.ts';
import { logger } from './services/platform/telemetry/logger.ts';
import { registry } from './services/platform/telemetry/metrics.ts';
import { OperationsServer } from './services/platform/telemetry/operations-server.ts';
import { Readiness } from './services/platform/telemetry/readiness.ts';
import { recommenderMixture } from './services/recommender/recommender-bundle.ts';
import { WorkerRole } from './workers/expert/worker-role.ts';

const clock = new RealClock();
const readiness = new Readiness(clock);
const lifecycle = new Lifecycle();
const processExit = new ProcessExit({
  clock,
  lifecycle,
  readiness,
  exit: (code) => process.exit(code),
});

processExit.watch();
try {
  await start(readSettings());
} catch (error) {
  await processExit.startFailed(error);
}

/** A role, or a part of one. */
type RolePart = Part & { readonly addresses?: readonly string[] };

/** Operations port, platform, roles, in this order; the end takes them in the other. */
async function start(settings: Settings): Promise<void> {
  const health = new Health(readiness, settings.roles);
  let isStarted = false;
  readiness.check('started', () => isStarted);
  const operations = await startOperations(settings, health);
  const platform = await startPlatform(settings);
  health.device = platform.modelRunner.device;
  const parts = partsOf(platform, health);
  for (const part of parts) {
    // oxlint-disable-next-line no-await-in-loop -- a part may rely on those before it
    await lifecycle.start(part);
  }
  isStarted = true;
  const addresses = [
    ...parts.flatMap((part) => part.addresses ?? []),
    ...platform.addresses(),
    `operations ${operations}`,
  ];
  logger.info({ event: 'process.started', roles: settings.roles, addresses });
  process.stdout.write(`Chorus plays ${settings.roles.join(', ')}: ${addresses.join(', ')}\n`);
  const front = addresses.find((address) => address.startsWith('http '))?.slice('http '.length);
  if (front !== undefined) {
    process.stdout.write(`Try: curl '${front}/v1/recommend/user-0001?top_n=5'\n`);
  }
}

/** What the roles of this process are made of, in the order in which it starts. */
function partsOf(platform: Platform, health: Health): RolePart[] {
  const { settings } = platform;
  const parts: RolePart[] = [];
  const aggregator = new AggregatorRole(platform);
  if (aggregatesHere(settings)) {
    parts.push(aggregator);
    readiness.check('bundle_loaded', () => aggregator.isOpen);
  }
  if (settings.roles.includes('worker')) parts.push(new WorkerRole(platform, [recommenderMixture]));
  if (aggregatesHere(settings)) parts.push(aggregator.desks);
  if (settings.roles.includes('gateway')) {
    parts.push(new GatewayRole(platform, health));
    // An aggregator that is lost later makes this gateway answer 503 itself, with a reason.
    readiness.check('aggregator', () => platform.answerLine?.isConnected ?? false, 'start');
  }
  return parts;
}

async function startOperations(settings: Settings, health: Health): Promise<string> {
  const server = new OperationsServer(health, registry);
  let address = '';
  const stopMeasuring = measureEventLoopDelay(clock);
  await lifecycle.start({
    name: 'operations port',
    start: async () => {
      address = await server.listen(settings.bind, settings.operationsPort);
      // The start-up line may be long in coming, where a server is waited for.
      logger.info({ event: 'operations.listening', address });
    },
    stop: async () => {
      stopMeasuring();
      await server.close();
    },
  });
  return address;
}

async function startPlatform(settings: Settings): Promise<Platform> {
  let platform: Platform | undefined;
  checkPorts(readiness, settings, () => platform);
  const opened = Promise.withResolvers<Platform>();
  await lifecycle.start({
    name: 'platform',
    start: async (signal) => {
      platform = await openPlatform(settings, signal);
      await platform.records.migrate(migrations);
      opened.resolve(platform);
    },
    stop: async () => platform?.close(),
  });
  return opened.promise;
}
