import type { Records } from '../platform/records/records.ts';

/** The version of a catalogue that nobody ever changed. */
export const unchangedItemsVersion = '';

/**
 * The version in the records: an epoch, random per database, and the number of the last change.
 * Whoever changes items holds the row of numbers until the change is committed, so every row with
 * a number up to this one can be read now.
 */
export async function readItemsVersion(records: Records, tenant: string): Promise<string> {
  const sql = 'SELECT epoch, number FROM item_changes WHERE tenant = $1';
  const [result] = await records.run([{ sql, params: [tenant] }]);
  const row = result?.rows[0];
  if (row === undefined) return unchangedItemsVersion;
  return `${String(row['epoch'])}.${Number(row['number'])}`;
}

/** Whether `held` already says all that `wanted` says. */
export function isAtLeast(held: string, wanted: string): boolean {
  return held === wanted || (isOneEpoch(held, wanted) && numberOf(held) >= numberOf(wanted));
}

/** Whether two versions are of one database, so that their numbers may be compared. */
export function isOneEpoch(one: string, other: string): boolean {
  return epochOf(one) === epochOf(other);
}

/** The number of a version's last change; 0 for the unchanged one. */
export function numberOf(version: string): number {
  return Number(version.slice(version.lastIndexOf('.') + 1));
}

function epochOf(version: string): string {
  return version.slice(0, version.lastIndexOf('.') + 1);
}
