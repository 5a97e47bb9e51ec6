import { itemMigrations } from '../items/item-migrations.ts';
import { registryMigrations } from '../registry/live-pointer.ts';
import { userMigrations } from '../user-state/user-states.ts';

/** Every migration that the records need; each process brings them up to date when it starts. */
export const migrations = [...registryMigrations, ...userMigrations, ...itemMigrations];
