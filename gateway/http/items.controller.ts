import { Body, Controller, Delete, Inject, Param, Put, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ItemDesk } from '../item-desk.ts';
import { checkMessage } from '../messages/check-message.ts';
import {
  type ItemBody,
  itemBody,
  type ItemName,
  itemName,
  type NamedItemBody,
  namedItemBody,
} from '../messages/items.ts';
import type { DeletedReply } from '../messages/users.ts';
import { httpCaller } from './http-caller.ts';

/** The catalogue, over HTTP. */
@Controller('v1/items')
export class ItemsController {
  readonly #desk: ItemDesk;

  constructor(@Inject(ItemDesk) desk: ItemDesk) {
    this.#desk = desk;
  }

  /** Adds an item, or replaces all that is known of it. */
  @Put(':item_id')
  async upsert(
    @Param({ schema: itemName }) { item_id }: ItemName,
    @Body({ schema: namedItemBody }) body: NamedItemBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ItemBody> {
    const item = checkMessage(itemBody, { ...body, item_id });
    return await this.#desk.upsert(item, httpCaller(reply), body.item_id);
  }

  /** Takes an item out of the catalogue. */
  @Delete(':item_id')
  async delete(
    @Param({ schema: itemName }) name: ItemName,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeletedReply> {
    return await this.#desk.delete(name, httpCaller(reply));
  }
}
