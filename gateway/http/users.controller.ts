import { Controller, Delete, Get, Inject, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { DeletedReply, UserName, UserReply } from '../messages/users.ts';
import { userName } from '../messages/users.ts';
import { UserDesk } from '../user-desk.ts';
import { httpCaller } from './http-caller.ts';

/** What the platform holds of a user, over HTTP. */
@Controller('v1/users')
export class UsersController {
  readonly #desk: UserDesk;

  constructor(@Inject(UserDesk) desk: UserDesk) {
    this.#desk = desk;
  }

  /** Everything that is known of one user. */
  @Get(':user_id')
  async get(
    @Param({ schema: userName }) name: UserName,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserReply> {
    return await this.#desk.get(name, httpCaller(reply));
  }

  /** Forgets a user. */
  @Delete(':user_id')
  async delete(
    @Param({ schema: userName }) name: UserName,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeletedReply> {
    return await this.#desk.delete(name, httpCaller(reply));
  }
}
