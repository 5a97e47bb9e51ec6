import type { Socket } from 'node:net';
import type { Consumer } from 'kafkajs';

/** Who wants to know whether a consumer is really reading. */
export interface FetchListener {
  onJoined(): void;
  onLost(): void;
}

/** Kafka's number for a Fetch request. */
const fetchApiKey = 1;
/** Where the number stands in a request: after its length. */
const apiKeyAt = 4;

/**
 * Tells when a consumer's fetches reach the broker and when they stop. kafkajs mends broken
 * connections without a word, so this watches the sockets themselves. A rejoin counts as a loss,
 * because a reader without a stored position then begins at the end again.
 */
export class FetchWatch {
  readonly #listener: FetchListener;
  #isJoined = false;
  #stopAwaiting: (() => void) | undefined;
  #consumer: Consumer | undefined;

  constructor(listener: FetchListener) {
    this.#listener = listener;
  }

  /** Watches a consumer that is about to start; the one before it, if any, is gone. */
  follow(consumer: Consumer): void {
    this.lose();
    this.#consumer = consumer;
    const { GROUP_JOIN, REQUEST_TIMEOUT } = consumer.events;
    consumer.on(GROUP_JOIN, () => {
      if (consumer !== this.#consumer) return;
      this.lose();
      this.#awaitFetch(consumer);
    });
    consumer.on(REQUEST_TIMEOUT, ({ payload }) => {
      if (payload.apiKey === fetchApiKey) this.#mayHaveLost(consumer);
    });
  }

  /** Watches a socket of the consumer that is about to be opened or used. */
  readonly watchSocket = (socket: Socket): void => {
    const consumer = this.#consumer;
    const write = socket.write.bind(socket);
    // kafkajs keeps one connection for fetches alone, so its first request tells which one this is.
    socket.write = (chunk: unknown, ...rest: unknown[]): boolean => {
      socket.write = write;
      if (Buffer.isBuffer(chunk) && chunk.readInt16BE(apiKeyAt) === fetchApiKey) {
        socket.once('close', () => this.#mayHaveLost(consumer));
      }
      const isDrained: boolean = Reflect.apply(write, socket, [chunk, ...rest]);
      return isDrained;
    };
  };

  /** The consumer has ended or is about to begin anew. */
  lose(): void {
    this.#stopAwaiting?.();
    this.#stopAwaiting = undefined;
    if (!this.#isJoined) return;
    this.#isJoined = false;
    this.#listener.onLost();
  }

  /** Stops watching, without a word. */
  end(): void {
    this.#stopAwaiting?.();
    this.#consumer = undefined;
    this.#isJoined = false;
  }

  #mayHaveLost(consumer: Consumer | undefined): void {
    if (consumer === undefined || consumer !== this.#consumer || !this.#isJoined) return;
    this.lose();
    // kafkajs connects again by itself and goes on where it was.
    this.#awaitFetch(consumer);
  }

  /** A Fetch that was answered was sent from a known position: from it on nothing is missed. */
  #awaitFetch(consumer: Consumer): void {
    this.#stopAwaiting?.();
    this.#stopAwaiting = consumer.on(consumer.events.REQUEST, ({ payload }) => {
      if (payload.apiKey !== fetchApiKey) return;
      this.#stopAwaiting?.();
      this.#stopAwaiting = undefined;
      this.#isJoined = true;
      this.#listener.onJoined();
    });
  }
}
