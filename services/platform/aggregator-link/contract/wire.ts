import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A cable between a worker and an aggregator that a test may cut or squeeze: a TCP relay. */
export class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #fromWorkers = new Set<Socket>();
  #isStalled = false;

  private constructor(target: () => number) {
    this.#server = createServer({ allowHalfOpen: true }, (fromWorker) => {
      const toAggregator = connect({ port: target(), host: '127.0.0.1', allowHalfOpen: true });
      this.#fromWorkers.add(fromWorker);
      this.#join(fromWorker, toAggregator);
      this.#join(toAggregator, fromWorker);
      if (this.#isStalled) fromWorker.pause();
    });
  }

  /** Opens one; `target` is asked at each connection, so that an aggregator may come later. */
  static async to(target: () => number): Promise<Wire> {
    const wire = new Wire(target);
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Breaks every connection that stands; new ones may come. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Takes nothing more from the worker: its side fills up. */
  stall(): void {
    this.#isStalled = true;
    for (const socket of this.#fromWorkers) socket.pause();
  }

  resume(): void {
    this.#isStalled = false;
    for (const socket of this.#fromWorkers) socket.resume();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #join(source: Socket, sink: Socket): void {
    this.#sockets.add(source);
    source.on('data', (bytes) => sink.write(bytes));
    source.on('end', () => sink.end());
    source.on('error', () => sink.destroy());
    source.on('close', () => {
      this.#sockets.delete(source);
      this.#fromWorkers.delete(source);
      sink.destroy();
    });
  }
}
