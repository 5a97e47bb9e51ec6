import { connect, type Socket } from 'node:net';
import kafkajs, { type Kafka, type LogEntry, type RetryOptions } from 'kafkajs';
import { logger } from '../../telemetry/logger.ts';
import { boundGzip } from './bounded-gzip.ts';
import { quickProduce } from './quick-produce.ts';
import { quietRequestQueue } from './quiet-request-queue.ts';

/** Opens a TCP connection to a broker. */
export type OpenSocket = (host: string, port: number) => Socket;

/** Where Kafka is and who we are there. */
export interface KafkaClientOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly openSocket: OpenSocket;
}

/** A request that has not been answered by then has failed. */
export const requestTimeoutMs = 5000;

/**
 * How readers and the administrator try again. All values are spelt out because kafkajs chooses
 * others when NODE_ENV is `test`. No pause is longer than a second, so that a broker that comes
 * back is found soon, however many of kafkajs' retry loops lie inside each other.
 */
export const patientRetry: RetryOptions = {
  initialRetryTime: 100,
  multiplier: 2,
  factor: 0.2,
  maxRetryTime: 1000,
  retries: 10,
};

/** How the sending side tries again: whoever waits has a budget of some hundred milliseconds. */
export const briskRetry: RetryOptions = { ...patientRetry, retries: 5 };

/** Small requests must not wait for the answer to the one before (Nagle's algorithm). */
export const openNoDelaySocket: OpenSocket = (host, port) =>
  connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });

/** How one client differs from the others. */
export interface KafkaClientTraits {
  /** `patientRetry` unless told. */
  readonly retry?: RetryOptions;
  /** Whether nobody wants this client any more: then it stops looking for brokers. */
  readonly isGone?: () => boolean;
  /** Gets every socket before it is used. */
  readonly onSocket?: ((socket: Socket) => void) | undefined;
}

/**
 * A kafkajs client with our settings. Each consumer needs one of its own: consumers of one client
 * and one group share a table of positions and wipe it for each other when they join.
 */
export function createKafkaClient(
  options: KafkaClientOptions,
  { retry = patientRetry, isGone = () => false, onSocket }: KafkaClientTraits = {},
): Kafka {
  quietRequestQueue();
  quickProduce();
  boundGzip();
  return new kafkajs.Kafka({
    // An empty list is the one failure that ends kafkajs' tries; it takes no AbortSignal.
    brokers: () => (isGone() ? [] : [...options.brokers]),
    clientId: options.clientId,
    connectionTimeout: 2000,
    requestTimeout: requestTimeoutMs,
    retry,
    socketFactory: ({ host, port, onConnect }) => {
      const socket = options.openSocket(host, port);
      socket.once('connect', onConnect);
      onSocket?.(socket);
      return socket;
    },
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => note,
  });
}

/** kafkajs repeats itself every second of an outage; what matters of it we log ourselves. */
function note({ namespace, log }: LogEntry): void {
  logger.debug({ event: 'kafka.noted', namespace, reason: log.message });
}
