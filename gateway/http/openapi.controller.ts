import { Controller, Get } from '@nestjs/common';
import { openapiDocument } from './openapi-document.ts';

/** The HTTP surface in the words of OpenAPI 3.1. */
@Controller('openapi.json')
export class OpenapiController {
  readonly #document = openapiDocument();

  /** The document. */
  @Get()
  document(): object {
    return this.#document;
  }
}
