import { ChorusError } from '../../../domain/errors.ts';
import type { Clock } from '../../clock/clock.ts';
import type { OpenSocket } from './kafka-client.ts';
import { within } from './within.ts';

const tryForMs = 2000;
const pauseMs = 1000;

/** How to wait for the brokers. */
export interface AwaitBrokerOptions {
  readonly brokers: readonly string[];
  readonly clock: Clock;
  readonly openSocket: OpenSocket;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Told with each failed round what is being waited for, and why. */
  readonly onWaiting?: ((message: string) => void) | undefined;
}

/**
 * Tries `connect` until it works, each time after one of the brokers took a connection: kafkajs by
 * itself would be silent for seconds and then name neither host nor reason.
 */
export async function awaitBroker(
  options: AwaitBrokerOptions,
  connect: () => Promise<void>,
): Promise<void> {
  const { brokers, clock, signal, onWaiting } = options;
  /* oxlint-disable no-await-in-loop -- one round after the other */
  for (;;) {
    if (signal?.aborted === true) throw ChorusError.from(signal.reason, 'cancelled');
    try {
      await Promise.any(brokers.map(async (broker) => knock(broker, options)));
      await connect();
      return;
    } catch (error) {
      onWaiting?.(`waiting for Kafka at ${brokers.join(', ')}: ${reasonOf(error)}`);
    }
    await clock.sleep(pauseMs, signal).catch(() => undefined);
  }
  /* oxlint-enable no-await-in-loop */
}

async function knock(broker: string, { clock, openSocket }: AwaitBrokerOptions): Promise<void> {
  const at = broker.lastIndexOf(':');
  const socket = openSocket(broker.slice(0, at), Number(broker.slice(at + 1)));
  const { promise: answered, resolve, reject } = Promise.withResolvers<void>();
  socket.once('connect', () => resolve()).on('error', reject);
  try {
    await within(clock, tryForMs, 'connecting', answered);
  } finally {
    socket.destroy();
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
