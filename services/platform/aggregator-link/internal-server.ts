import {
  type handleBidiStreamingCall,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  status,
} from '@grpc/grpc-js';
import { ChorusError } from '../../domain/errors.ts';
import type { Clock } from '../clock/clock.ts';
import { type RawStreamMethod, serverOptions } from './raw-stream.ts';

const closeWithinMs = 2000;

/** Where an aggregator listens for workers and gateways of other processes. */
export interface InternalAddress {
  /** `BIND`: the address to listen on. */
  readonly host: string;
  /** `INTERNAL_PORT`; 0 picks a free one. */
  readonly port: number;
}

/** Takes the streams of one service. */
export type StreamHandler = (call: ServerDuplexStream<Buffer, Buffer>) => void;

/** The server on `INTERNAL_PORT`: one port for every service that an aggregator has for its peers. */
export class InternalServer {
  readonly #address: InternalAddress;
  readonly #clock: Clock;
  readonly #server = new Server(serverOptions);
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #port = 0;

  constructor(address: InternalAddress, clock: Clock) {
    this.#address = address;
    this.#clock = clock;
  }

  /** The port that it listens on; 0 before `open`. */
  get port(): number {
    return this.#port;
  }

  /**
   * Declares a service. A peer that comes before its handler is there hears UNAVAILABLE and dials
   * again, so that the services of a port may open one after the other.
   * @returns sets the handler.
   */
  serve(method: RawStreamMethod): (handler: StreamHandler) => void {
    let current: StreamHandler = refuse;
    const connect: handleBidiStreamingCall<Buffer, Buffer> = (call) => current(call);
    this.#server.addService({ connect: method }, { connect });
    return (handler) => {
      current = handler;
    };
  }

  /**
   * Listens; the same promise for every service that asks.
   * @throws ChorusError `bad_setting` when the port cannot be opened
   */
  open(): Promise<void> {
    this.#opening ??= this.#bind();
    return this.#opening;
  }

  /** Takes no more streams and waits, 2 s at most, for those that stand to end. Harmless twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #bind(): Promise<void> {
    const { host, port } = this.#address;
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    this.#port = await new Promise((resolve, reject) => {
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else
          reject(
            new ChorusError(
              'bad_setting',
              `INTERNAL_PORT ${port} cannot be opened on ${host}: ${error.message}`,
              { field: 'INTERNAL_PORT', cause: error },
            ),
          );
      });
    });
  }

  async #close(): Promise<void> {
    await new Promise<void>((resolve) => {
      // A peer that does not end its half within that time is cut off.
      const patience = this.#clock.after(closeWithinMs, () => {
        this.#server.forceShutdown();
        resolve();
      });
      this.#server.tryShutdown(() => {
        patience.cancel();
        resolve();
      });
    });
  }
}

function refuse(call: ServerDuplexStream<Buffer, Buffer>): void {
  // How grpc-js wants the status of a stream: its own listener turns the event into the trailers.
  call.emit('error', { code: status.UNAVAILABLE, details: 'not open yet' });
}
