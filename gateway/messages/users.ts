import { z } from 'zod';
import type { UserState } from '../../services/domain/user-state.ts';
import { id } from './fields.ts';

/** Names a user: `chorus.v1.GetUserRequest`, `DeleteUserRequest`, and the path of the HTTP routes. */
export const userName = z.strictObject({ user_id: id });

/** A checked name. */
export type UserName = z.infer<typeof userName>;

/** What is known of a user: the JSON of `chorus.v1.User`. */
export const userReply = z.object({
  user_id: z.string(),
  version: z.string(),
  history: z.array(z.object({ item_id: z.string(), weight: z.number(), time_ms: z.int() })),
  seen_item_ids: z.array(z.string()),
});

/** The shape of a user as callers read it. */
export type UserReply = z.infer<typeof userReply>;

/** A user in the form in which callers read it. */
export function fromUserState(userId: string, { version, history }: UserState): UserReply {
  return {
    user_id: userId,
    version,
    history: history.map(({ itemId, weight, timeMs }) => ({
      item_id: itemId,
      weight,
      time_ms: timeMs,
    })),
    seen_item_ids: [...new Set(history.map(({ itemId }) => itemId))],
  };
}

/** Whether there was anything to delete. */
export const deletedReply = z.object({ deleted: z.boolean() });

/** The shape of a deletion's answer. */
export type DeletedReply = z.infer<typeof deletedReply>;
