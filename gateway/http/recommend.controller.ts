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
import { z } from 'zod';
import { ChorusError } from '../../services/domain/errors.ts';
import {
  fromRecommendation,
  type RecommendBody,
  recommendBody,
  type RecommendReply,
} from '../messages/recommend.ts';
import { Recommending } from '../recommending.ts';

const timeoutHeader = 'x-request-timeout-ms';
const topN = z.coerce.number().optional();

/** Longest budget that a caller may ask for, in ms. */
const maxBudgetMs = 600_000;

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
    @Param('user_id') userId: string,
    @Query('top_n', { schema: topN }) count: number | undefined,
    @Headers(timeoutHeader) timeout: string | undefined,
  ): Promise<RecommendReply> {
    const body = this.#recommending.check({
      user_id: userId,
      ...(count !== undefined && { top_n: count }),
    });
    return fromRecommendation(await this.#recommending.answer(body, 'http', budgetMs(timeout)));
  }
}

function budgetMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const parsed = Number(header);
  if (Number.isInteger(parsed) && parsed >= 1 && parsed <= maxBudgetMs) return parsed;
  const message = `${timeoutHeader}: expected whole milliseconds from 1 to ${maxBudgetMs}`;
  throw new ChorusError('invalid_argument', message, { field: timeoutHeader });
}
