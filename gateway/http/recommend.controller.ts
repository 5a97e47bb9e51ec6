import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import {
  fromRecommendation,
  type RecommendBody,
  recommendBody,
  type RecommendQuery,
  recommendQuery,
  type RecommendReply,
} from '../messages/recommend.ts';
import { budgetMs, timeoutHeader } from '../messages/timeout.ts';
import { type UserName, userName } from '../messages/users.ts';
import { Recommending } from '../recommending.ts';

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
    @Headers(timeoutHeader) timeout: string | undefined,
  ): Promise<RecommendReply> {
    return fromRecommendation(await this.#recommending.answer(body, 'http', budgetMs(timeout)));
  }

  /** The short form: the best items of the whole catalogue for one user. */
  @Get(':user_id')
  async forUser(
    @Param({ schema: userName }) { user_id }: UserName,
    @Query({ schema: recommendQuery }) query: RecommendQuery,
    @Headers(timeoutHeader) timeout: string | undefined,
  ): Promise<RecommendReply> {
    const body = this.#recommending.check({ ...query, user_id });
    return fromRecommendation(await this.#recommending.answer(body, 'http', budgetMs(timeout)));
  }
}
