import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Item } from '../domain/item.ts';
import { EmbeddedCache } from '../platform/cache/embedded-cache.ts';
import { RealClock } from '../platform/clock/real-clock.ts';
import { RealRandom } from '../platform/random/real-random.ts';
import { EmbeddedRecords } from '../platform/records/embedded-records.ts';
import type { Records, Result, Statement } from '../platform/records/records.ts';
import { SqliteThread } from '../platform/sqlite/sqlite-thread.ts';
import { freshReads } from './fresh-reads.ts';
import { itemMigrations } from './item-migrations.ts';
import { Items } from './items.ts';
import { unchangedItemsVersion } from './items-version.ts';

const clock = new RealClock();
const random = new RealRandom();
let dataDir: string;
let thread: SqliteThread;
let records: EmbeddedRecords;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'chorus-items-'));
  thread = await SqliteThread.open(dataDir);
  records = new EmbeddedRecords(thread, clock);
  await records.migrate(itemMigrations);
});
afterAll(async () => {
  await thread.close();
  await rm(dataDir, { recursive: true, force: true });
});

function item(itemId: string, title = `title of ${itemId}`): Item {
  return { itemId, title, genres: ['Heist'], year: 1999, attributes: { studio: 'ours' } };
}

function openItems(over: { records?: Records; cache?: EmbeddedCache } = {}): Items {
  const cache = over.cache ?? new EmbeddedCache({ clock, random });
  return new Items({ records: over.records ?? records, cache, clock, random });
}

async function overlayNow(items: Items, tenant: string) {
  return await items.overlay(tenant, await items.version(tenant));
}

describe('a catalogue', () => {
  test('is unchanged until somebody changes it', async () => {
    const items = openItems();
    expect(await items.version('quiet')).toBe(unchangedItemsVersion);
    expect((await overlayNow(items, 'quiet')).upserted.size).toBe(0);
  });

  test('gives back what was upserted, and its newest form', async () => {
    const items = openItems();
    await items.upsert('t1', [item('a'), item('b')]);
    await items.upsert('t1', [{ itemId: 'b', title: 'anew', genres: [], attributes: {} }]);
    const { upserted } = await overlayNow(items, 't1');
    expect(upserted.get('a')).toEqual(item('a'));
    expect(upserted.get('b')).toEqual({ itemId: 'b', title: 'anew', genres: [], attributes: {} });
    expect(await items.count('t1')).toBe(2);
  });

  test('forgets what was deleted, and takes it back', async () => {
    const items = openItems();
    await items.upsert('t2', [item('a'), item('b')]);
    expect(await items.remove('t2', 'a')).toBe('listed');
    expect(await items.remove('t2', 'a')).toBe('deleted');
    expect(await items.remove('t2', 'never written')).toBe('unwritten');
    expect(await items.remove('t2', 'never written')).toBe('deleted');
    const gone = await overlayNow(items, 't2');
    expect([...gone.upserted.keys()]).toEqual(['b']);
    expect([...gone.deleted]).toEqual(['a', 'never written']);
    expect(await items.count('t2')).toBe(1);
    await items.upsert('t2', [item('a')]);
    expect([...(await overlayNow(items, 't2')).deleted]).toEqual(['never written']);
  });

  test('is one of its own for every tenant', async () => {
    const items = openItems();
    await items.upsert('t3', [item('a')]);
    expect((await overlayNow(items, 't3/other')).upserted.size).toBe(0);
  });

  test('has a version that changes with every change and with nothing else', async () => {
    const items = openItems();
    const seen = [await items.version('t4')];
    await items.upsert('t4', [item('a')]);
    seen.push(await items.version('t4'));
    await items.upsert('t4', [item('a')]);
    seen.push(await items.version('t4'));
    await items.remove('t4', 'a');
    seen.push(await items.version('t4'));
    expect(new Set(seen).size).toBe(4);
    expect(await items.version('t4')).toBe(seen.at(-1));
  });

  test('of more rows than one read brings is whole', async () => {
    const items = openItems();
    const many = Array.from({ length: 4500 }, (_, index) => item(`i${index}`));
    await items.upsert('t5', many.slice(0, 4400));
    await items.upsert('t5', many.slice(4400));
    const reader = openItems();
    expect((await overlayNow(reader, 't5')).upserted.size).toBe(4500);
  });
});

describe('another process', () => {
  test('sees a change in the next overlay, whichever of them read before', async () => {
    const cache = new EmbeddedCache({ clock, random });
    const [here, there] = [openItems({ cache }), openItems({ cache })];
    await here.upsert('t6', [item('a'), item('b')]);
    expect((await overlayNow(there, 't6')).upserted.size).toBe(2);
    await here.remove('t6', 'a');
    const overlay = await overlayNow(there, 't6');
    expect([...overlay.deleted]).toEqual(['a']);
    expect([...overlay.upserted.keys()]).toEqual(['b']);
  });

  test('does not read the items again while the version stays', async () => {
    const counting = new CountingRecords(records);
    const items = openItems({ records: counting });
    await items.upsert('t7', [item('a')]);
    const first = await overlayNow(items, 't7');
    const before = counting.itemReads;
    expect(await items.overlay('t7', first.version)).toBe(first);
    expect(counting.itemReads).toBe(before);
  });

  test('that read the older version slowly does not bring it back', async () => {
    const slow = new PausedRecords(records);
    const cache = new EmbeddedCache({ clock, random });
    const [writer, reader] = [openItems({ cache }), openItems({ cache, records: slow })];
    await writer.upsert('t8', [item('a')]);
    const reading = reader.version('t8');
    await slow.reached;
    await writer.remove('t8', 'a');
    slow.resume();
    const older = await reading;
    const newer = await writer.version('t8');
    expect(newer).not.toBe(older);
    expect(await openItems({ cache }).version('t8')).toBe(newer);
  });
});

test('while the records are away the last known catalogue serves', async () => {
  const failing = new FailingRecords(records);
  const items = openItems({ records: failing, cache: new EmbeddedCache({ clock, random }) });
  await items.upsert('t9', [item('a')]);
  const overlay = await overlayNow(items, 't9');
  failing.isAway = true;
  expect(await items.version('t9')).toBe(overlay.version);
  expect(await items.overlay('t9', 'another.7')).toBe(overlay);
  await expect(items.upsert('t9', [item('b')])).rejects.toThrow('away');
});

test('nobody is given a read that began before they asked', async () => {
  const reads: PromiseWithResolvers<number>[] = [];
  const read = freshReads(() => {
    const reading = Promise.withResolvers<number>();
    reads.push(reading);
    return reading.promise;
  });
  const first = read('k');
  const [second, third] = [read('k'), read('k')];
  expect(reads).toHaveLength(1);
  reads[0]?.resolve(1);
  expect(await first).toBe(1);
  await expect.poll(() => reads.length).toBe(2);
  reads[1]?.resolve(2);
  expect([await second, await third]).toEqual([2, 2]);
  const fourth = read('k');
  reads[2]?.reject(new Error('no'));
  await expect(fourth).rejects.toThrow('no');
});

/** Passes everything on. */
class PassingRecords implements Records {
  readonly #records: Records;

  constructor(inner: Records) {
    this.#records = inner;
  }

  run(statements: readonly Statement[]): Promise<readonly Result[]> {
    return this.#records.run(statements);
  }

  migrate(): Promise<void> {
    return Promise.resolve();
  }

  isHealthy(): Promise<boolean> {
    return this.#records.isHealthy();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class CountingRecords extends PassingRecords {
  itemReads = 0;

  override run(statements: readonly Statement[]): Promise<readonly Result[]> {
    if (statements.some(({ sql }) => sql.includes('ORDER BY changed'))) this.itemReads += 1;
    return super.run(statements);
  }
}

/** Reads at once, but keeps the result until told. */
class PausedRecords extends PassingRecords {
  readonly #reached = Promise.withResolvers<void>();
  readonly #resumed = Promise.withResolvers<void>();
  readonly reached = this.#reached.promise;

  resume(): void {
    this.#resumed.resolve();
  }

  override async run(statements: readonly Statement[]): Promise<readonly Result[]> {
    const results = await super.run(statements);
    this.#reached.resolve();
    await this.#resumed.promise;
    return results;
  }
}

class FailingRecords extends PassingRecords {
  isAway = false;

  override run(statements: readonly Statement[]): Promise<readonly Result[]> {
    return this.isAway ? Promise.reject(new Error('away')) : super.run(statements);
  }
}
