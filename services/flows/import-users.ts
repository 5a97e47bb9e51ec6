import type { HistoryEntry } from '../domain/user-state.ts';
import type { Interactions } from '../training/data/interactions.ts';
import type { ImportedUser, UserStates } from '../user-state/user-states.ts';

const usersPerCall = 200;

/**
 * Writes every user of a data set into the records, each with its whole history and a new version.
 * @param onProgress told how many users are written.
 */
export async function importUsers(
  interactions: Interactions,
  users: UserStates,
  tenant: string,
  onProgress: (done: number) => void = () => undefined,
): Promise<void> {
  for (let start = 0; start < interactions.users.length; start += usersPerCall) {
    const batch = usersOf(interactions, start, start + usersPerCall);
    // oxlint-disable-next-line no-await-in-loop -- one batch at a time bounds the memory
    await users.replace(tenant, batch);
    onProgress(start + batch.length);
  }
}

/** Users of a data set with their whole histories; all of them unless told which rows. */
export function usersOf(
  interactions: Interactions,
  start = 0,
  end = interactions.users.length,
): readonly ImportedUser[] {
  return interactions.users.slice(start, end).map((userId, index) => {
    return { userId, history: historyOf(interactions, start + index) };
  });
}

function historyOf(interactions: Interactions, user: number): readonly HistoryEntry[] {
  const { offsets, itemRows, items, weights, timesMs } = interactions;
  const start = offsets[user] ?? 0;
  const rows = itemRows.subarray(start, offsets[user + 1]);
  return Array.from(rows, (row, index) => ({
    itemId: items[row]?.id ?? '',
    weight: weights[start + index] ?? 1,
    timeMs: timesMs?.[start + index] ?? 0,
  }));
}
