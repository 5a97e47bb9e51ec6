import { Client, credentials, Metadata, type MethodDefinition, status } from '@grpc/grpc-js';
import { serviceDefinition } from '../../gateway/grpc/service-definitions.ts';
import type { RecommendReply } from '../../gateway/messages/recommend.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { machineUs } from '../bench/ports/machine-clock.ts';
import { answerParent } from '../bench/ports/peer.ts';
import {
  type Asked,
  type Loader,
  type LoadResult,
  type LoadSettings,
  type Tally,
  tally,
} from './load.ts';

const clock = new RealClock();
/** Each connection carries at most 200 calls at a time: the gateway's own limit. */
const connections = 4;
const connectWithinMs = 10_000;
/** Far beyond any budget: whoever is still silent then has forgotten the request. */
const hungMs = 5_000;
const tickMs = 1;

let load: AskingAtARate | undefined;

answerParent({
  begin: async (settings: LoadSettings): Promise<void> => {
    load = new AskingAtARate(settings);
    await load.begin();
  },
  lastSecond: (): Tally => begun().lastSecond(),
  end: (): Promise<LoadResult> => begun().end(),
} satisfies Loader);

function begun(): AskingAtARate {
  if (load === undefined) throw new Error('nothing was begun');
  return load;
}

/** Begins requests at a constant rate, whatever becomes of them, and writes down what does. */
class AskingAtARate {
  readonly #settings: LoadSettings;
  readonly #method = recommendMethod();
  readonly #bodies: readonly Buffer[];
  readonly #clients: readonly Client[];
  readonly #open = new Set<Promise<void>>();
  readonly #asked: Asked[] = [];
  #lastTickUs = 0;
  #longestStallUs = 0;
  #isOver = false;
  #ticking: Promise<void> = Promise.resolve();

  constructor(settings: LoadSettings) {
    this.#settings = settings;
    this.#bodies = settings.users.map((user_id) =>
      // Computed each time: an answer from the cache would need no worker.
      this.#method.requestSerialize({ user_id, top_n: 10, no_cache: true }),
    );
    this.#clients = Array.from(
      { length: connections },
      () =>
        new Client(settings.gateway, credentials.createInsecure(), {
          // Clients of one address would share one connection.
          'grpc.use_local_subchannel_pool': 1,
        }),
    );
  }

  async begin(): Promise<void> {
    await Promise.all(this.#clients.map(connected));
    this.#ticking = this.#tick();
  }

  lastSecond(): Tally {
    const fromUs = machineUs() - 1e6;
    const { rate } = this.#settings;
    // Enough of the newest: more than the rate end in a second where many had waited.
    return tally(this.#asked.slice(-3 * rate).filter(({ endedUs }) => endedUs >= fromUs));
  }

  async end(): Promise<LoadResult> {
    this.#isOver = true;
    await this.#ticking;
    await Promise.all(this.#open);
    for (const client of this.#clients) client.close();
    return { asked: this.#asked, longestStallMs: this.#longestStallUs / 1000 };
  }

  async #tick(): Promise<void> {
    const periodUs = 1e6 / this.#settings.rate;
    const startUs = machineUs();
    let count = 0;
    this.#lastTickUs = startUs;
    while (!this.#isOver) {
      const nowUs = machineUs();
      this.#longestStallUs = Math.max(this.#longestStallUs, this.#sinceTickUs(nowUs));
      this.#lastTickUs = nowUs;
      for (; startUs + count * periodUs <= nowUs; count += 1) {
        this.#ask(count, startUs + count * periodUs);
      }
      // oxlint-disable-next-line no-await-in-loop -- the next tick
      await clock.sleep(tickMs);
    }
  }

  /** Time that passed since the load last looked, beyond what it sleeps. */
  #sinceTickUs(nowUs: number): number {
    return Math.max(0, nowUs - this.#lastTickUs - tickMs * 1000);
  }

  #ask(index: number, dueUs: number): void {
    const client = this.#clients[index % this.#clients.length];
    const body = this.#bodies[index % this.#bodies.length];
    if (client === undefined || body === undefined) return;
    const asking = this.#write(client, body, dueUs);
    this.#open.add(asking);
    void asking.finally(() => this.#open.delete(asking));
  }

  /** Asks one and writes down what becomes of it. Never rejects. */
  async #write(client: Client, body: Buffer, dueUs: number): Promise<void> {
    const sentUs = machineUs();
    const outcome = await this.#outcome(client, body);
    const endedUs = machineUs();
    this.#asked.push({ dueUs, sentUs, endedUs, unseenUs: this.#sinceTickUs(endedUs), outcome });
  }

  /** Never rejects. */
  #outcome(client: Client, body: Buffer): Promise<string> {
    const metadata = new Metadata();
    // Not grpc-js's own `deadline`: it would end the call from this side when the budget is over,
    // and no answer could ever be seen to come late.
    metadata.set('grpc-timeout', `${this.#settings.budgetMs}m`);
    return new Promise((resolve) => {
      let isHung = false;
      const call = client.makeUnaryRequest(
        this.#method.path,
        (bytes: Buffer) => bytes,
        this.#method.responseDeserialize,
        body,
        metadata,
        (error, reply) => {
          patience.cancel();
          if (reply !== undefined) resolve(reply.degraded ? 'degraded' : 'ok');
          else if (isHung || error === null) resolve('hung');
          else resolve(codeOf(error.metadata, error.code));
        },
      );
      const patience = clock.after(hungMs, () => {
        isHung = true;
        call.cancel();
      });
    });
  }
}

function codeOf(metadata: Metadata, code: status): string {
  const [ours] = metadata.get('chorus-code');
  return ours === undefined ? (status[code] ?? `${code}`) : String(ours);
}

async function connected(client: Client): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    client.waitForReady(clock.nowMs() + connectWithinMs, (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}

function recommendMethod(): MethodDefinition<object, RecommendReply> {
  const method = serviceDefinition('chorus.v1.Recommender')['Recommend'];
  if (method === undefined) throw new Error('the contract has no Recommend');
  return method;
}
