import type { Timer } from '../clock/clock.ts';
import { AggregatorAddresses, type LookUp } from './aggregator-addresses.ts';
import { AggregatorDialler, type DiallerTools } from './aggregator-dialler.ts';

const lookUpEveryMs = 5000;

/** Where the aggregators are. */
export interface AggregatorTargets {
  /** The setting `AGGREGATOR`: `host:port`, several by comma; every address that a host has is dialled. */
  readonly aggregators: string;
  /** The operating system's, unless a test knows better. */
  readonly lookUp?: LookUp;
}

/** One long-lived stream to every address at which there is an aggregator. */
export class AggregatorLinks {
  readonly #addresses: AggregatorAddresses;
  readonly #tools: DiallerTools;
  readonly #diallers = new Map<string, AggregatorDialler>();
  #timer: Timer | undefined;
  #isLookingUp = false;
  #isClosed = false;

  /** @throws ChorusError `bad_setting` when `aggregators` is no list of `host:port` */
  constructor({ aggregators, lookUp }: AggregatorTargets, tools: DiallerTools) {
    this.#addresses = new AggregatorAddresses(aggregators, lookUp);
    this.#tools = tools;
  }

  /** Starts to dial, and to look for other addresses every 5 s. */
  open(): void {
    this.#timer = this.#tools.clock.every(lookUpEveryMs, () => void this.#lookUp());
    // Not waited for: a resolver may take its time, and an aggregator that is away stops nobody.
    void this.#lookUp();
  }

  /** Ends every stream in good order and dials no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await Promise.all([...this.#diallers.values()].map((dialler) => dialler.close()));
  }

  async #lookUp(): Promise<void> {
    // A resolver that hangs must not gather questions.
    if (this.#isLookingUp) return;
    this.#isLookingUp = true;
    const addresses = await this.#addresses.resolve();
    this.#isLookingUp = false;
    if (this.#isClosed) return;
    for (const address of addresses) {
      if (!this.#diallers.has(address)) {
        this.#diallers.set(address, new AggregatorDialler(address, this.#tools));
      }
    }
    this.#forgetAllBut(addresses);
  }

  /** An aggregator that leaves DNS before it stops still owes answers, or is owed replies: its stream stays. */
  #forgetAllBut(addresses: ReadonlySet<string>): void {
    for (const [address, dialler] of this.#diallers) {
      if (addresses.has(address) || dialler.isConnected) continue;
      this.#diallers.delete(address);
      void dialler.close();
    }
  }
}
