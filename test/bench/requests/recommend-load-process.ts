import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import { ownCpuUs } from '../ports/cpu.ts';
import { openLoop } from '../ports/load.ts';
import { answerParent } from '../ports/peer.ts';
import { quantile } from '../ports/statistics.ts';
import { answerFacts } from './answer-facts.ts';
import { CallConnection } from './call-connection.ts';
import type { LoadOrder, LoadTarget, LoadWindow, RecommendLoader } from './recommend-load.ts';
import { RequestBodies } from './request-bodies.ts';

const clock = new RealClock();
const connectionCount = 4;
const path = '/chorus.v1.Recommender/Recommend';
/** Spreads the fresh ones over a hundred requests: it has no factor in common with 100. */
const stride = 37;

let aimed: Aimed | undefined;

answerParent({
  aim: async (target: LoadTarget): Promise<void> => {
    aimed?.close();
    aimed = await Aimed.at(target, aimed?.round ?? 0);
  },
  prime: (): Promise<LoadWindow> => there().prime(),
  run: (order: LoadOrder): Promise<LoadWindow> => there().run(order),
} satisfies RecommendLoader);

function there(): Aimed {
  if (aimed === undefined) throw new Error('aimed at nobody');
  return aimed;
}

const primingInFlight = 64;
/** A window, and the answers after it. */
const longestWindowMs = 60_000;

/** What a request should become. */
type Expected = 'fresh' | 'known' | 'any';

/** A load with its connections open. */
class Aimed {
  readonly #bodies: RequestBodies;
  readonly #connections: readonly CallConnection[];
  /** Rejects when a connection is gone. */
  readonly #broken: Promise<never>;
  #sent = 0;

  private constructor(
    bodies: RequestBodies,
    connections: readonly CallConnection[],
    broken: Promise<never>,
  ) {
    this.#bodies = bodies;
    this.#connections = connections;
    this.#broken = broken;
  }

  static async at({ address, candidates, ...world }: LoadTarget, round: number): Promise<Aimed> {
    const { promise: broken, reject } = Promise.withResolvers<never>();
    // Nobody may be waiting just then.
    broken.catch(() => undefined);
    const onBroken = (why: string): void => reject(new Error(why));
    const connections = await Promise.all(
      Array.from({ length: connectionCount }, () =>
        CallConnection.open({ address, path, onBroken }),
      ),
    );
    return new Aimed(new RequestBodies(world, candidates, round), connections, broken);
  }

  /** How often it had everybody ask something new. */
  get round(): number {
    return this.#bodies.round;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  /** Makes every known request once. */
  prime(): Promise<LoadWindow> {
    let next = 0;
    // Asking again for what is remembered would not make it be remembered for longer.
    this.#bodies.renewKnown();
    return this.#closed(primingInFlight, new Tally(), () => {
      if (next === this.#bodies.users) return undefined;
      next += 1;
      return { body: this.#bodies.known(next - 1), expected: 'any' };
    });
  }

  run(order: LoadOrder): Promise<LoadWindow> {
    const { freshOf100, checked, inFlight, perSecond = 0, forMs } = order;
    const next = (): Planned => {
      this.#sent += 1;
      const isFresh = (this.#sent * stride) % 100 < freshOf100;
      const body = isFresh ? this.#bodies.fresh() : this.#bodies.known(this.#sent);
      const kind = isFresh ? 'fresh' : 'known';
      return { body, expected: checked ? kind : 'any' };
    };
    if (inFlight === undefined) return this.#open(perSecond, forMs, next);
    const endUs = clock.monotonicUs() + forMs * 1000;
    return this.#closed(inFlight, new Tally(), () =>
      clock.monotonicUs() < endUs ? next() : undefined,
    );
  }

  /** @param next undefined when there is nothing more to ask. */
  async #closed(
    inFlight: number,
    tally: Tally,
    next: () => Planned | undefined,
  ): Promise<LoadWindow> {
    const one = (connection: CallConnection): Promise<void> =>
      new Promise((resolve) => {
        const again = (): void => {
          const planned = next();
          if (planned === undefined) resolve();
          else this.#ask(connection, planned, tally, again);
        };
        again();
      });
    const all = Array.from({ length: inFlight }, (_, index) => one(this.#connection(index)));
    await this.#answered(Promise.all(all));
    return tally.window();
  }

  async #open(perSecond: number, forMs: number, next: () => Planned): Promise<LoadWindow> {
    const tally = new Tally();
    const open = new Set<Promise<void>>();
    let begun = 0;
    const begin = (): void => {
      const connection = this.#connection(begun);
      begun += 1;
      const asking = new Promise<void>((resolve) => {
        this.#ask(connection, next(), tally, resolve);
      }).finally(() => open.delete(asking));
      open.add(asking);
    };
    await openLoop({ forMs, perSecond, begin });
    await this.#answered(Promise.all(open));
    return tally.window();
  }

  /**
   * Waits for the last answers.
   * @throws Error when a connection is gone or they take far longer than any budget.
   */
  async #answered(answers: Promise<unknown>): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const patience = clock.after(longestWindowMs, () => reject(new Error('answers do not come')));
    try {
      await Promise.race([answers, this.#broken, late]);
    } finally {
      patience.cancel();
    }
  }

  #connection(index: number): CallConnection {
    const connection = this.#connections[index % this.#connections.length];
    if (connection === undefined) throw new Error('no connection');
    return connection;
  }

  #ask(
    connection: CallConnection,
    { body, expected }: Planned,
    tally: Tally,
    then: () => void,
  ): void {
    const sentUs = clock.monotonicUs();
    connection.call(body, (answer, failure) => {
      tally.count(clock.monotonicUs() - sentUs, expected, answer, failure);
      then();
    });
  }
}

interface Planned {
  readonly body: Buffer;
  readonly expected: Expected;
}

/** Counts what comes back in one window. */
class Tally {
  readonly #startUs = clock.monotonicUs();
  readonly #startCpuUs = ownCpuUs();
  readonly #latenciesUs: number[] = [];
  readonly #wrong: Record<string, number> = {};
  #computed = 0;
  #experts = 0;

  count(
    latencyUs: number,
    expected: Expected,
    answer: Buffer | undefined,
    failure: string | undefined,
  ): void {
    this.#latenciesUs.push(latencyUs);
    if (answer === undefined) return this.#note(failure ?? 'no answer');
    if (expected === 'any') return;
    const { items, experts, degraded, cached } = answerFacts(answer);
    if (!cached) {
      this.#computed += 1;
      this.#experts += experts;
    }
    if (degraded) this.#note('degraded');
    if (items === 0) this.#note('no items');
    if (cached && expected === 'fresh') this.#note('cached though never asked before');
    if (!cached && expected === 'known') this.#note('computed though asked before');
  }

  window(): LoadWindow {
    return {
      answers: this.#latenciesUs.length,
      wallUs: clock.monotonicUs() - this.#startUs,
      cpuUs: ownCpuUs() - this.#startCpuUs,
      p50Ms: quantile(this.#latenciesUs, 0.5) / 1000,
      p99Ms: quantile(this.#latenciesUs, 0.99) / 1000,
      meanExperts: this.#experts / this.#computed,
      wrong: this.#wrong,
    };
  }

  #note(what: string): void {
    this.#wrong[what] = (this.#wrong[what] ?? 0) + 1;
  }
}
