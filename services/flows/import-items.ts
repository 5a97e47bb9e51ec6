import type { Item } from '../domain/item.ts';
import type { Items } from '../items/items.ts';
import type { Interactions } from '../training/data/interactions.ts';

const itemsPerCall = 500;

/**
 * Writes every item of a data set into the records.
 * @param onProgress told how many items are written.
 */
export async function importItems(
  { items: catalogue }: Interactions,
  items: Pick<Items, 'upsert'>,
  tenant: string,
  onProgress: (done: number) => void = () => undefined,
): Promise<void> {
  for (let start = 0; start < catalogue.length; start += itemsPerCall) {
    const batch = catalogue
      .slice(start, start + itemsPerCall)
      .map(({ id, title, genres, year }): Item => {
        return { itemId: id, title, genres, year, attributes: {} };
      });
    // oxlint-disable-next-line no-await-in-loop -- one batch at a time bounds the memory
    await items.upsert(tenant, batch);
    onProgress(start + batch.length);
  }
}
