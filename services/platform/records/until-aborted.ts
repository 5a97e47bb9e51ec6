import { ChorusError } from '../../domain/errors.ts';

/**
 * The outcome of a call, or a rejection when the signal aborts first; the call itself goes on.
 * @throws ChorusError `cancelled` or `deadline_exceeded`, by the signal's reason.
 */
export async function untilAborted<T>(call: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return call;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(ChorusError.from(signal.reason, 'cancelled'));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([call, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
