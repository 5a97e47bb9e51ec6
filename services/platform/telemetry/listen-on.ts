import { ChorusError } from '../../domain/errors.ts';

/** Where to listen, and the setting that says so. */
export interface ListenAt {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/**
 * Runs `listen`, and says which setting is at fault when it fails.
 * @throws ChorusError `unavailable`.
 */
export async function listenOn<Address>(
  { name, host, port }: ListenAt,
  listen: (host: string, port: number) => Promise<Address>,
): Promise<Address> {
  try {
    return await listen(host, port);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ChorusError('unavailable', `${name}: cannot listen on ${host}:${port}: ${reason}`, {
      cause: error,
      field: name,
    });
  }
}
