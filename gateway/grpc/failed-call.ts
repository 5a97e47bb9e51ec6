import type { StatusObject } from '@grpc/grpc-js';
import { ChorusError } from '../../services/domain/errors.ts';
import { countFailure } from '../counted.ts';
import { errorStatus } from './error-status.ts';

/** The end of a call that failed, counted. */
export function failedCall(thrown: unknown): StatusObject {
  const error = ChorusError.from(thrown);
  countFailure('grpc', error.code);
  return errorStatus(error);
}
