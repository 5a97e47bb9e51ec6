import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { chorus } from '../../proto/generated/public.js';
import { checkMessage } from '../messages/check-message.ts';
import { userName } from '../messages/users.ts';
import type { UserDesk } from '../user-desk.ts';
import { unary } from './unary.ts';

/** `chorus.v1.Users`: the same as over HTTP. */
export function usersHandlers(desk: UserDesk): UntypedServiceImplementation {
  return {
    Get: unary(({ user_id }: chorus.v1.GetUserRequest) => {
      return desk.get(checkMessage(userName, { user_id }), 'grpc');
    }),
    Delete: unary(({ user_id }: chorus.v1.DeleteUserRequest) => {
      return desk.delete(checkMessage(userName, { user_id }), 'grpc');
    }),
  };
}
