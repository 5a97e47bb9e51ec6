import { once } from 'node:events';
import { createServer } from 'node:net';
import { RealRandom } from '../../services/platform/random/real-random.ts';

/**
 * Below the ports that systems give to outgoing connections and to listeners on port 0 (Linux: from
 * 32768, others from 49152): one of those would be somebody's again before the server has started.
 */
const [lowest, beyondHighest] = [20_000, 32_000];
const tries = 50;
const random = new RealRandom();

/** A TCP port of 127.0.0.1 that was free a moment ago, for servers that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < tries; tried += 1) {
    const port = lowest + Math.floor(random.uniform() * (beyondHighest - lowest));
    // oxlint-disable-next-line no-await-in-loop -- the next one only when this one is taken
    if (await isFree(port)) return port;
  }
  throw new Error(`no TCP port to be had from ${lowest} to ${beyondHighest}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
