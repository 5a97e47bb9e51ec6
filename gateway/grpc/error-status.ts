import { Metadata, type StatusObject } from '@grpc/grpc-js';
import { ChorusError, errorTable } from '../../services/domain/errors.ts';

/** A failure as gRPC callers see it: the table's status, with code and field as trailers. */
export function errorStatus(thrown: unknown): StatusObject {
  const error = ChorusError.from(thrown);
  const metadata = new Metadata();
  metadata.set('chorus-code', error.code);
  if (error.field !== undefined) metadata.set('chorus-field', error.field);
  // What is no error on purpose may hold a path, a statement or a user's words.
  const details =
    error.code === 'internal' ? 'something went wrong here; the log says what' : error.message;
  return { code: errorTable[error.code].grpc, details, metadata };
}
