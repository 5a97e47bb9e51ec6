import { HttpException } from '@nestjs/common';
import { ChorusError, errorTable, type ErrorCode } from '../../services/domain/errors.ts';

/** A failure as HTTP callers see it. */
export interface ErrorReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: ErrorBody };
}

/** The same three fields for every failure. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  /** The request field at fault, when there is one. */
  readonly field?: string;
}

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  404: 'not_found',
  413: 'too_large',
  429: 'overloaded',
  503: 'unavailable',
};

/**
 * Translates anything thrown. What is not an error on purpose says nothing of itself: its message
 * may hold a path, a statement or a user's words.
 */
export function errorReply(thrown: unknown): ErrorReply {
  const { code, message, field } = chorusErrorOf(thrown);
  const { http: status } = errorTable[code];
  const shown = code === 'internal' ? 'something went wrong here; the log says what' : message;
  return {
    status,
    headers: status === 429 || status === 503 ? { 'retry-after': '1' } : {},
    body: { error: { code, message: shown, ...(field !== undefined && { field }) } },
  };
}

function chorusErrorOf(thrown: unknown): ChorusError {
  if (!(thrown instanceof HttpException)) return ChorusError.from(thrown);
  // Nest and Fastify refuse a request before a handler sees it: no route, body too long, no JSON.
  const status = thrown.getStatus();
  const code = codeOfStatus[status] ?? (status < 500 ? 'invalid_argument' : 'internal');
  return new ChorusError(code, thrown.message, { cause: thrown });
}
