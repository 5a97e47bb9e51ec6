import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { z } from 'zod';
import type { chorus } from '../../proto/generated/public.js';
import type { ItemDesk } from '../item-desk.ts';
import { checkMessage } from '../messages/check-message.ts';
import { itemBody, itemName } from '../messages/items.ts';
import { unary } from './unary.ts';

const upsertRequest = z.strictObject({ item: itemBody });

/** `chorus.v1.Items`: the same as over HTTP. */
export function itemsHandlers(desk: ItemDesk): UntypedServiceImplementation {
  return {
    Upsert: unary(({ item }: chorus.v1.UpsertItemRequest) => {
      const checked = checkMessage(upsertRequest, { ...(item && { item: jsonOf(item) }) });
      return desk.upsert(checked.item, 'grpc');
    }),
    Delete: unary(({ item_id }: chorus.v1.DeleteItemRequest) => {
      return desk.delete(checkMessage(itemName, { item_id }), 'grpc');
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
