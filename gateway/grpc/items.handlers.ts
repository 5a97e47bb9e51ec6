import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { z } from 'zod';
import type { chorus } from '../../proto/generated/public.js';
import type { Clock } from '../../services/platform/clock/clock.ts';
import type { ItemDesk } from '../item-desk.ts';
import { checkMessage } from '../messages/check-message.ts';
import { itemBody, itemName } from '../messages/items.ts';
import { unary } from './unary.ts';

const upsertRequest = z.strictObject({ item: itemBody });

/** `chorus.v1.Items`: the same as over HTTP. */
export function itemsHandlers(desk: ItemDesk, clock: Clock): UntypedServiceImplementation {
  return {
    Upsert: unary(clock, ({ item }: chorus.v1.UpsertItemRequest, caller) => {
      const checked = checkMessage(upsertRequest, { ...(item && { item: jsonOf(item) }) });
      return desk.upsert(checked.item, caller);
    }),
    Delete: unary(clock, ({ item_id }: chorus.v1.DeleteItemRequest, caller) => {
      return desk.delete(checkMessage(itemName, { item_id }), caller);
    }),
  };
}

/** The JSON that HTTP callers would have sent: absent fields left out. */
function jsonOf({ item_id, title, genres, year, attributes }: chorus.v1.Item) {
  return {
    item_id,
    title,
    genres,
    ...(year !== null && year !== undefined && { year }),
    attributes: { ...attributes },
  };
}
