import { z } from 'zod';
import type { Item } from '../../services/domain/item.ts';
import { id, text } from './fields.ts';

/** Names an item: `chorus.v1.DeleteItemRequest`, and the path of the HTTP routes. */
export const itemName = z.strictObject({ item_id: id });

/** A checked name. */
export type ItemName = z.infer<typeof itemName>;

const described = {
  title: text(512).default(''),
  genres: z.array(text(64).min(1)).max(64, 'expected at most 64 genres').default([]),
  year: z.int('expected a whole number').min(-9999).max(9999).optional(),
  attributes: z
    .record(text(64), text(1024))
    .refine((all) => Object.keys(all).length <= 64, 'expected at most 64 attributes')
    .default({}),
};

/** An item as callers describe it: the JSON of `chorus.v1.Item`. */
export const itemBody = z.strictObject({ item_id: id, ...described });

/** The same where the path names the item. */
export const namedItemBody = z.strictObject({ item_id: id.optional(), ...described });

/** A checked body of a named item. */
export type NamedItemBody = z.infer<typeof namedItemBody>;

/** A checked item, which is also how callers read it. */
export type ItemBody = z.infer<typeof itemBody>;

/** The item behind a checked body. */
export function toItem({ item_id, title, genres, year, attributes }: ItemBody): Item {
  return { itemId: item_id, title, genres, year, attributes };
}
