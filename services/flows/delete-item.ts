import type { Items } from '../items/items.ts';
import type { BundleItems } from './bundle-items.ts';

/** What deleting an item works with. */
export interface DeleteItemParts {
  readonly items: Pick<Items, 'remove'>;
  readonly bundleItems: Pick<BundleItems, 'has'>;
}

/** Takes an item out of the catalogue, and tells whether it was there. */
export class DeleteItem {
  readonly #parts: DeleteItemParts;

  constructor(parts: DeleteItemParts) {
    this.#parts = parts;
  }

  /**
   * The deletion is written down in any case: the next bundle may know the item.
   * @returns false when neither the records nor the live bundle knew it, or it was deleted already;
   *   true also where the bundle cannot be read, because something may have been deleted.
   */
  async run(tenant: string, itemId: string): Promise<boolean> {
    const { items, bundleItems } = this.#parts;
    const before = await items.remove(tenant, itemId);
    if (before !== 'unwritten') return before === 'listed';
    return (await bundleItems.has(itemId)) ?? true;
  }
}
