import { ChorusError } from '../services/domain/errors.ts';
import { publicTenant } from '../services/domain/tenant.ts';
import type { DeleteItem } from '../services/flows/delete-item.ts';
import type { Clock } from '../services/platform/clock/clock.ts';
import type { Items } from '../services/items/items.ts';
import { atDesk } from './at-desk.ts';
import type { Caller } from './caller.ts';
import { type ItemBody, type ItemName, toItem } from './messages/items.ts';
import type { DeletedReply } from './messages/users.ts';

/** Answers for both surfaces what is asked about items, within their budget or 5 s. */
export class ItemDesk {
  readonly #items: Pick<Items, 'upsert'>;
  readonly #deleteItem: Pick<DeleteItem, 'run'>;
  readonly #clock: Clock;

  constructor(items: Pick<Items, 'upsert'>, deleteItem: Pick<DeleteItem, 'run'>, clock: Clock) {
    this.#items = items;
    this.#deleteItem = deleteItem;
    this.#clock = clock;
  }

  /**
   * @param said the id in the body, where the path names the item; it must be the same.
   * @throws ChorusError `invalid_argument` for two different ids.
   */
  async upsert(body: ItemBody, caller: Caller, said: string = body.item_id): Promise<ItemBody> {
    return await atDesk(caller, this.#clock, async () => {
      if (said !== body.item_id) {
        const message = `item_id: expected "${body.item_id}", as the path says, or none`;
        throw new ChorusError('invalid_argument', message, { field: 'item_id' });
      }
      await this.#items.upsert(publicTenant, [toItem(body)]);
      return body;
    });
  }

  /** Harmless twice. */
  async delete({ item_id }: ItemName, caller: Caller): Promise<DeletedReply> {
    return await atDesk(caller, this.#clock, async () => ({
      deleted: await this.#deleteItem.run(publicTenant, item_id),
    }));
  }
}
