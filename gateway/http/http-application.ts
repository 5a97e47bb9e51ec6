import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { finishConnections } from '../../services/platform/telemetry/finish-connections.ts';
import { ErrorFilter } from './error.filter.ts';
import { validationPipe } from './validation.pipe.ts';

/** A request's body may have this many bytes. */
export const maxBodyBytes = 1024 * 1024;
/** A request must have arrived whole after this long: slow senders hold no connection for ever. */
const requestTimeoutMs = 30_000;

/** An UTF-16 unit of an id takes at most so many characters in a path: three escaped bytes. */
const longestEscape = 9;

/** Nest on Fastify with the limits, the errors and the validation that every route shares; not listening yet. */
export async function httpApplication(
  module: DynamicModule,
  corsOrigins: readonly string[],
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    // Fastify's 100 would make a long id, which is counted as it is escaped, a route that is not there.
    routerOptions: { maxParamLength: 128 * longestEscape },
  });
  const fastify = adapter.getInstance();
  const finish = finishConnections(fastify.server);
  fastify.addHook('preClose', async () => finish());
  const application = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: false,
    abortOnError: false,
  });
  if (corsOrigins.length > 0) {
    application.enableCors({ origin: corsOrigins.includes('*') ? '*' : [...corsOrigins] });
  }
  application.useGlobalFilters(new ErrorFilter());
  application.useGlobalPipes(validationPipe());
  return application;
}
