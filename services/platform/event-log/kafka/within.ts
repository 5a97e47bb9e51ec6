import { ChorusError } from '../../../domain/errors.ts';
import type { Clock } from '../../clock/clock.ts';

/** Waits for `work`, but not for ever: kafkajs takes no AbortSignal. What is late goes on unseen. */
export async function within<T>(
  clock: Clock,
  deadlineMs: number,
  what: string,
  work: Promise<T>,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = clock.after(deadlineMs, () => {
    reject(new ChorusError('unavailable', `Kafka: ${what} took longer than ${deadlineMs} ms`));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.cancel();
  }
}
