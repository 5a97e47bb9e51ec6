import { ChorusError } from '../services/domain/errors.ts';
import { publicTenant } from '../services/domain/tenant.ts';
import type { Clock } from '../services/platform/clock/clock.ts';
import type { UserStates } from '../services/user-state/user-states.ts';
import { atDesk } from './at-desk.ts';
import type { Caller } from './caller.ts';
import {
  type DeletedReply,
  fromUserState,
  type UserName,
  type UserReply,
} from './messages/users.ts';

/** Answers for both surfaces what is asked about users, within their budget or 5 s. */
export class UserDesk {
  readonly #users: Pick<UserStates, 'get' | 'remove'>;
  readonly #clock: Clock;

  constructor(users: Pick<UserStates, 'get' | 'remove'>, clock: Clock) {
    this.#users = users;
    this.#clock = clock;
  }

  /** @throws ChorusError `not_found` for somebody of whom nothing is known. */
  async get({ user_id }: UserName, caller: Caller): Promise<UserReply> {
    return await atDesk(caller, this.#clock, async () => {
      const state = await this.#users.get(publicTenant, user_id);
      if (state !== undefined) return fromUserState(user_id, state);
      const message = 'user_id: nothing is known of this user';
      throw new ChorusError('not_found', message, { field: 'user_id' });
    });
  }

  /** Harmless twice. */
  async delete({ user_id }: UserName, caller: Caller): Promise<DeletedReply> {
    return await atDesk(caller, this.#clock, async () => ({
      deleted: await this.#users.remove(publicTenant, user_id),
    }));
  }
}
