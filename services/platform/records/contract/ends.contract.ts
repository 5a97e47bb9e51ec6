import { expect, it } from 'vitest';
import { rejectsWith, type RecordsRig } from './rig.ts';

/** Health, cancellation, closing, and a database that is away. */
export function endRules(rig: () => RecordsRig): void {
  it('is healthy while it answers', async () => {
    expect(await rig().records.isHealthy()).toBe(true);
  });

  it('rejects a call whose signal has aborted', async () => {
    const signal = AbortSignal.abort();
    await expect(rig().records.run([{ sql: 'SELECT 1' }], signal)).rejects.toMatchObject(
      rejectsWith('cancelled'),
    );
  });

  it('waits for calls in flight when closed while busy, then refuses', async () => {
    const table = await rig().createTable();
    const client = await rig().storage.open();
    const calls = Array.from({ length: 10 }, (_, index) =>
      client.run([{ sql: `INSERT INTO ${table} (id) VALUES ($1)`, params: [`${index}`] }]),
    );
    const closed = Promise.all([client.close(), client.close()]);
    await Promise.all(calls);
    await closed;
    expect(await rig().ids(table)).toHaveLength(10);
    await expect(client.run([{ sql: 'SELECT 1' }])).rejects.toMatchObject(
      rejectsWith('unavailable'),
    );
    expect(await client.isHealthy()).toBe(false);
    await client.close();
  });

  it('fails with unavailable when the database cannot be reached', async () => {
    const client = await rig().storage.openUnreachable();
    await expect(client.run([{ sql: 'SELECT 1' }])).rejects.toMatchObject(
      rejectsWith('unavailable'),
    );
    expect(await client.isHealthy()).toBe(false);
    await client.close();
  });
}
