import type { Manifest } from '../domain/bundle.ts';
import { publicTenant } from '../domain/tenant.ts';
import { logger } from '../platform/telemetry/logger.ts';
import { syntheticWorld } from '../training/data/synthetic-world.ts';
import type { UserStates } from '../user-state/user-states.ts';
import { usersOf } from './import-users.ts';

/**
 * Gives an empty installation somebody to recommend to: when the bundle comes from our own
 * synthetic world and the records know nobody, that world's users are written. A bundle of other
 * data brings no users, because a bundle holds none.
 *
 * All users are one transaction: a start that was killed here has written all or none, so the next
 * one can tell, and two at once write the same.
 */
export async function settleSyntheticUsers(
  { lineage }: Manifest,
  users: UserStates,
): Promise<void> {
  if (lineage['data'] !== 'synthetic' || (await users.count(publicTenant)) > 0) return;
  const world = syntheticWorld({
    seed: Number(lineage['seed']),
    items: Number(lineage['items']),
    users: Number(lineage['users']),
  });
  await users.replace(publicTenant, usersOf(world));
  logger.info({ event: 'users.settled', users: world.users.length, world: 'synthetic' });
}
