import { ChorusError } from '../../domain/errors.ts';

/** The call's result, or its rejection by the signal; the call itself goes on, its outcome is then unknown. */
export async function untilAborted<T>(
  call: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return call;
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(ChorusError.from(signal.reason));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([call, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
