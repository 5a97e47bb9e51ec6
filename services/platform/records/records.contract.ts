import { afterAll, beforeAll, describe } from 'vitest';
import { concurrencyRules } from './contract/concurrency.contract.ts';
import { endRules } from './contract/ends.contract.ts';
import { migrationRules } from './contract/migrations.contract.ts';
import { type RecordsStorage, RecordsRig } from './contract/rig.ts';
import { transactionRules } from './contract/transaction.contract.ts';
import { valueRules } from './contract/values.contract.ts';

/** What every adapter of the records port does; called inside a `describe` that names the adapter. */
export function recordsContract(createStorage: () => Promise<RecordsStorage>): void {
  let current: RecordsRig;
  const rig = (): RecordsRig => current;

  beforeAll(async () => {
    const storage = await createStorage();
    current = new RecordsRig(storage, await storage.open());
  });

  afterAll(() => current.close());

  describe('values', () => {
    valueRules(rig);
  });
  describe('one call is one transaction', () => {
    transactionRules(rig);
  });
  describe('concurrent calls', () => {
    concurrencyRules(rig);
  });
  describe('migrations', () => {
    migrationRules(rig);
  });
  describe('ends', () => {
    endRules(rig);
  });
}
