import { StandardSchemaValidationPipe } from '@nestjs/common';
import { refusal } from '../messages/check-message.ts';

/** Checks `@Body({ schema })`, `@Query({ schema })` and the like; the error names the field at fault. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({ exceptionFactory: refusal });
}
