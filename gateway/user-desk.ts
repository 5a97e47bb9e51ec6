import { ChorusError } from '../services/domain/errors.ts';
import { publicTenant } from '../services/domain/tenant.ts';
import type { UserStates } from '../services/user-state/user-states.ts';
import {
  type DeletedReply,
  fromUserState,
  type UserName,
  type UserReply,
} from './messages/users.ts';

/** Answers for both surfaces what is asked about users. */
export class UserDesk {
  readonly #users: Pick<UserStates, 'get' | 'remove'>;

  constructor(users: Pick<UserStates, 'get' | 'remove'>) {
    this.#users = users;
  }

  /** @throws ChorusError `not_found` for somebody of whom nothing is known. */
  async get({ user_id }: UserName): Promise<UserReply> {
    const state = await this.#users.get(publicTenant, user_id);
    if (state !== undefined) return fromUserState(user_id, state);
    throw new ChorusError('not_found', 'user_id: nothing is known of this user', {
      field: 'user_id',
    });
  }

  /** Harmless twice. */
  async delete({ user_id }: UserName): Promise<DeletedReply> {
    return { deleted: await this.#users.remove(publicTenant, user_id) };
  }
}
