import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import {
  fromRecommendation,
  type RecommendBody,
  recommendBody,
  type RecommendQuery,
  recommendQuery,
  type RecommendReply,
  toRecommendRequest,
} from '../messages/recommend.ts';
import { type UserName, userName } from '../messages/users.ts';
import { Recommending } from '../recommending.ts';
import { httpCaller } from './http-caller.ts';

/** Ranked items over HTTP. */
@Controller('v1/recommend')
export class RecommendController {
  readonly #recommending: Recommending;

  constructor(@Inject(Recommending) recommending: Recommending) {
    this.#recommending = recommending;
  }

  /** One answer to a full request. */
  @Post()
  @HttpCode(200)
  async recommend(
    @Body({ schema: recommendBody }) body: RecommendBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RecommendReply> {
    const caller = httpCaller(reply);
    return fromRecommendation(await this.#recommending.answer(toRecommendRequest(body), caller));
  }

  /** The short form: the best items of the whole catalogue for one user. */
  @Get(':user_id')
  async forUser(
    @Param({ schema: userName }) { user_id }: UserName,
    @Query({ schema: recommendQuery }) query: RecommendQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RecommendReply> {
    const caller = httpCaller(reply);
    const request = this.#recommending.check({ ...query, user_id });
    return fromRecommendation(await this.#recommending.answer(request, caller));
  }
}
