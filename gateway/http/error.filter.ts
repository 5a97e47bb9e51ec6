import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { logger } from '../../services/platform/telemetry/logger.ts';
import { countFailure } from '../counted.ts';
import { errorReply } from './error-reply.ts';

/** Answers every failure of the HTTP surface in one shape; logs those that nobody meant. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const { status, headers, body } = errorReply(thrown);
    if (body.error.code === 'internal') {
      const error = thrown instanceof Error ? thrown.stack : String(thrown);
      logger.error({ event: 'request.failed', surface: 'http', error });
    }
    countFailure('http', body.error.code);
    void reply.code(status).headers(headers).send(body);
  }
}
