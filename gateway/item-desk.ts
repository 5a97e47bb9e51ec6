import { ChorusError } from '../services/domain/errors.ts';
import { publicTenant } from '../services/domain/tenant.ts';
import type { Items } from '../services/items/items.ts';
import { type ItemBody, type ItemName, toItem } from './messages/items.ts';
import type { DeletedReply } from './messages/users.ts';

/** Answers for both surfaces what is asked about items. */
export class ItemDesk {
  readonly #items: Pick<Items, 'upsert' | 'remove'>;

  constructor(items: Pick<Items, 'upsert' | 'remove'>) {
    this.#items = items;
  }

  /**
   * @param said the id in the body, where the path names the item; it must be the same.
   * @throws ChorusError `invalid_argument` for two different ids.
   */
  async upsert(body: ItemBody, said: string = body.item_id): Promise<ItemBody> {
    if (said !== body.item_id) {
      const message = `item_id: expected "${body.item_id}", as the path says, or none`;
      throw new ChorusError('invalid_argument', message, { field: 'item_id' });
    }
    await this.#items.upsert(publicTenant, [toItem(body)]);
    return body;
  }

  /** Harmless twice. */
  async delete({ item_id }: ItemName): Promise<DeletedReply> {
    return { deleted: await this.#items.remove(publicTenant, item_id) };
  }
}
