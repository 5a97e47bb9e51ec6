import { ChorusError } from '../../domain/errors.ts';

/**
 * What `work` gives, or the signal's reason as soon as it aborts; the work then goes on without us.
 * @throws ChorusError
 */
export async function unlessAborted<Value>(
  work: Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(ChorusError.from(signal.reason, 'cancelled'));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
