import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Watches a server's connections so that closing waits for answers in flight and for nothing
 * else. Node's own `closeIdleConnections` spares a connection that has not sent a whole request
 * yet, and one such caller would hold up the end of the process.
 * @returns cuts every connection without a request in flight, now, and the others as each one's
 *   last answer ends.
 */
export function finishConnections(server: Server): () => void {
  const inFlight = new Map<Socket, number>();
  let isClosing = false;
  server.on('connection', (socket) => {
    if (isClosing) socket.destroy();
    else inFlight.set(socket, 0);
    socket.once('close', () => inFlight.delete(socket));
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    change(socket, 1);
    response.once('close', () => change(socket, -1));
  });

  function change(socket: Socket, by: number): void {
    const count = inFlight.get(socket);
    if (count === undefined) return;
    inFlight.set(socket, count + by);
    if (isClosing && count + by === 0) socket.end();
  }

  return () => {
    isClosing = true;
    for (const [socket, count] of inFlight) if (count === 0) socket.destroy();
  };
}
