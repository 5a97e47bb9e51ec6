import { join } from 'node:path';
import type { Interactions } from '../../services/training/data/interactions.ts';
import { importUsers } from '../../services/flows/import-users.ts';
import { migrations } from '../../services/flows/migrations.ts';
import { publicTenant } from '../../services/domain/tenant.ts';
import { openPlatform } from '../../services/platform/open-platform.ts';
import { readSettings } from '../../services/platform/settings.ts';
import { UserStates } from '../../services/user-state/user-states.ts';

/** Where a demo keeps its things. */
export interface DemoSettings {
  readonly dataDir: string;
  readonly modelsDir: string;
}

/** Places inside a folder that is the demo's own and goes with it. */
export function demoSettings(folder: string): DemoSettings {
  return { dataDir: join(folder, 'data'), modelsDir: join(folder, 'models') };
}

/** Writes the users of a data set into the records that the settings name. */
export async function importInto(
  settings: Readonly<Record<string, string>>,
  interactions: Interactions,
): Promise<void> {
  const platform = await openPlatform(readSettings({ ...settings }), new AbortController().signal);
  try {
    await platform.records.migrate(migrations);
    await importUsers(interactions, new UserStates(platform), publicTenant);
  } finally {
    await platform.close();
  }
}
