import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { chorus } from '../../proto/generated/public.js';
import type { Clock } from '../../services/platform/clock/clock.ts';
import { checkMessage } from '../messages/check-message.ts';
import { userName } from '../messages/users.ts';
import type { UserDesk } from '../user-desk.ts';
import { unary } from './unary.ts';

/** `chorus.v1.Users`: the same as over HTTP. */
export function usersHandlers(desk: UserDesk, clock: Clock): UntypedServiceImplementation {
  return {
    Get: unary(clock, ({ user_id }: chorus.v1.GetUserRequest, caller) => {
      return desk.get(checkMessage(userName, { user_id }), caller);
    }),
    Delete: unary(clock, ({ user_id }: chorus.v1.DeleteUserRequest, caller) => {
      return desk.delete(checkMessage(userName, { user_id }), caller);
    }),
  };
}
