import { parseArgs } from 'node:util';
import { ChorusError } from '../../services/domain/errors.ts';
import { publicTenant } from '../../services/domain/tenant.ts';
import { importItems } from '../../services/flows/import-items.ts';
import { importUsers } from '../../services/flows/import-users.ts';
import { migrations } from '../../services/flows/migrations.ts';
import { Items } from '../../services/items/items.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { openPlatform } from '../../services/platform/open-platform.ts';
import type { Platform } from '../../services/platform/platform.ts';
import { readSettings, type Settings } from '../../services/platform/settings.ts';
import { readData } from '../../services/training/data/read-data.ts';
import { UserStates } from '../../services/user-state/user-states.ts';
import { explainFailure, report, seedOf, UsageError } from '../terminal/command-line.ts';
import { ProgressLine } from '../terminal/progress-line.ts';

const usage = `Loads users' histories and items into the records.

  npm run import -- --data <folder | synthetic> [--tenant public] [--seed N] [--json]

  --data    a folder with MovieLens-100K or MovieLens-1M, or "synthetic" for our own world
  --tenant  whose users and items they become (public)
  --seed    of the synthetic world, 0 to 2147483647 (1)
  --json    one JSON object with the figures on stdout

Where the records are, the environment says, as it does to the server: DATA_DIR, or DATABASE_URL
with KAFKA_BROKERS and REDIS_URL. A user or item that is there already is replaced.`;

const clock = new RealClock();

try {
  await run();
} catch (error) {
  process.exitCode = explainFailure('import', usage, error);
}

async function run(): Promise<void> {
  const { data, tenant, seed, json, help } = readOptions();
  if (help === true) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  if (data === undefined) throw new UsageError('--data is missing');
  if (tenant === '') throw new UsageError('--tenant must not be empty');
  await importData(data, tenant ?? publicTenant, seedOf(seed), json === true);
}

async function importData(
  data: string,
  tenant: string,
  seed: number,
  json: boolean,
): Promise<void> {
  const settings = readSettings();
  refuseForeignCache(settings);
  const interactions = await readData(data, seed);
  const startUs = clock.monotonicUs();
  const platform = await open(settings);
  const { items, users, itemRows } = interactions;
  const progress = new ProgressLine(clock, items.length + users.length, 'rows');
  try {
    await platform.records.migrate(migrations);
    await importItems(interactions, new Items(platform), tenant, (done) => {
      progress.show('items', done);
    });
    await importUsers(interactions, new UserStates(platform), tenant, (done) => {
      progress.show('users', items.length + done);
    });
  } finally {
    progress.stop();
    await platform.close();
  }
  report(json, {
    data: interactions.source,
    tenant,
    items: items.length,
    users: users.length,
    interactions: itemRows.length,
    seconds: Math.round((clock.monotonicUs() - startUs) / 1e5) / 10,
  });
}

/** Servers that share these records remember users' versions in their cache, which an import has to tell. */
function refuseForeignCache({ databaseUrl, redisUrl }: Settings): void {
  if (databaseUrl === undefined || redisUrl !== undefined) return;
  const message =
    'REDIS_URL is missing beside DATABASE_URL: expected the cache of the servers on that database, else they answer from what their users were before for up to 10 minutes';
  throw new ChorusError('bad_setting', message, { field: 'REDIS_URL' });
}

async function open(settings: Settings): Promise<Platform> {
  const stopped = new AbortController();
  process.once('SIGINT', () => stopped.abort(new ChorusError('cancelled', 'interrupted')));
  try {
    return await openPlatform(settings, stopped.signal);
  } catch (thrown) {
    const error = ChorusError.from(thrown);
    if (error.code !== 'data_dir_in_use') throw error;
    const message = `a server holds DATA_DIR ${settings.dataDir}: stop it, import, and start it again`;
    throw new ChorusError(error.code, message, { cause: thrown });
  }
}

function readOptions() {
  try {
    const options = {
      data: { type: 'string' },
      tenant: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
