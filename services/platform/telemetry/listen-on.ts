import { ChorusError } from '../../domain/errors.ts';

/** Something that listens for HTTP: Fastify, or Nest on top of it. */
export interface Listener {
  listen(options: { host: string; port: number }): Promise<string>;
}

/** Where to listen, and the setting that says so. */
export interface ListenAt {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/**
 * Listens, and says which setting is at fault when it cannot.
 * @returns the address with the port that was picked.
 * @throws ChorusError `unavailable`.
 */
export async function listenOn(server: Listener, { name, host, port }: ListenAt): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ChorusError('unavailable', `${name}: cannot listen on ${host}:${port}: ${reason}`, {
      cause: error,
      field: name,
    });
  }
}
