import { ChorusError } from '../../../domain/errors.ts';

/** What kafkajs threw, as `unavailable` with the work that failed; a ChorusError stays itself. */
export function kafkaError(what: string, thrown: unknown): ChorusError {
  if (thrown instanceof ChorusError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new ChorusError('unavailable', `Kafka: ${what}: ${reason}`, { cause: thrown });
}
