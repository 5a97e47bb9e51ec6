import type { Presence } from '../../domain/presence.ts';
import type { Reply } from '../../domain/reply.ts';
import type { Clock, Timer } from '../clock/clock.ts';
import type { Random } from '../random/random.ts';
import { logger } from '../telemetry/logger.ts';
import { metrics } from '../telemetry/metrics.ts';
import { AggregatorAddresses, type LookUp } from './aggregator-addresses.ts';
import { AggregatorDialler } from './aggregator-dialler.ts';
import type { WorkerLine, WorkerListener } from './reply-line.ts';
import type { WorkerStream, WorkerStreamOwner } from './worker-stream.ts';

const lookUpEveryMs = 5000;

/** Who speaks, and where its aggregators are. */
export interface GrpcWorkerLineOptions {
  /** Random per start of the process. */
  readonly workerId: string;
  /** The setting `AGGREGATOR`: `host:port`, several by comma; every address that a host has is dialled. */
  readonly aggregators: string;
  /** The operating system's, unless a test knows better. */
  readonly lookUp?: LookUp;
}

/** A worker's end of the reply line over gRPC: one long-lived stream to each aggregator. */
export class GrpcWorkerLine implements WorkerLine {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #addresses: AggregatorAddresses;
  readonly #owner: WorkerStreamOwner;
  readonly #diallers = new Map<string, AggregatorDialler>();
  readonly #streams = new Map<string, WorkerStream>();
  #waiters: (() => void)[] = [];
  #listener: WorkerListener | undefined;
  #presence: Presence | undefined;
  #lookUpTimer: Timer | undefined;
  #isLookingUp = false;
  #closing: Promise<void> | undefined;

  /** @throws ChorusError `bad_setting` when `aggregators` is no list of `host:port` */
  constructor(options: GrpcWorkerLineOptions, clock: Clock, random: Random) {
    this.#addresses = new AggregatorAddresses(options.aggregators, options.lookUp);
    this.#clock = clock;
    this.#random = random;
    this.#owner = {
      workerId: options.workerId,
      presence: () => this.#presence,
      onHello: (stream) => this.#onHello(stream),
      onCancel: (aggregatorId, tasks) => {
        if (this.#closing === undefined) this.#listener?.onCancel(aggregatorId, tasks);
      },
      onKeepsUp: () => this.#release(),
      onOver: (stream) => this.#onOver(stream),
    };
  }

  open(listener: WorkerListener): Promise<void> {
    this.#listener = listener;
    this.#lookUpTimer = this.#clock.every(lookUpEveryMs, () => void this.#lookUp());
    // Not waited for: a resolver may take its time, and an aggregator that is away stops nobody.
    void this.#lookUp();
    return Promise.resolve();
  }

  announce(presence: Presence): void {
    this.#presence = presence;
    for (const stream of this.#streams.values()) stream.announce();
  }

  send(aggregatorId: string, reply: Reply): boolean {
    const stream = this.#closing === undefined ? this.#streams.get(aggregatorId) : undefined;
    if (stream !== undefined) return stream.send(reply);
    metrics.repliesDropped.inc({ reason: 'gone' });
    return true;
  }

  ready(): Promise<void> {
    if (this.#everyoneKeepsUp()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  isConnected(aggregatorId: string): boolean {
    return this.#closing === undefined && this.#streams.has(aggregatorId);
  }

  clockOffsetUs(aggregatorId: string): number | undefined {
    return this.#streams.get(aggregatorId)?.clockOffsetUs;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#lookUpTimer?.cancel();
    await Promise.all([...this.#diallers.values()].map((dialler) => dialler.close()));
    this.#release();
  }

  async #lookUp(): Promise<void> {
    // A resolver that hangs must not gather questions.
    if (this.#isLookingUp) return;
    this.#isLookingUp = true;
    const addresses = await this.#addresses.resolve();
    this.#isLookingUp = false;
    if (this.#closing !== undefined) return;
    const tools = { owner: this.#owner, clock: this.#clock, random: this.#random };
    for (const address of addresses) {
      if (!this.#diallers.has(address)) {
        this.#diallers.set(address, new AggregatorDialler(address, tools));
      }
    }
    this.#forgetAllBut(addresses);
  }

  /** An aggregator that leaves DNS before it stops still waits for replies: its stream stays. */
  #forgetAllBut(addresses: ReadonlySet<string>): void {
    for (const [address, dialler] of this.#diallers) {
      if (addresses.has(address) || dialler.isConnected) continue;
      this.#diallers.delete(address);
      void dialler.close();
    }
  }

  #onHello(stream: WorkerStream): boolean {
    const { aggregatorId } = stream;
    // `localhost` is two addresses of one aggregator. A second stream would replace the first over
    // there, and the first, dialled again, the second.
    if (this.#closing !== undefined || this.#streams.has(aggregatorId)) return false;
    this.#streams.set(aggregatorId, stream);
    logger.info({ aggregatorId }, 'aggregator connected');
    return true;
  }

  #onOver(stream: WorkerStream): void {
    const { aggregatorId } = stream;
    if (this.#streams.get(aggregatorId) === stream) {
      this.#streams.delete(aggregatorId);
      if (this.#closing === undefined) {
        logger.warn({ aggregatorId }, 'aggregator gone');
        this.#listener?.onAggregatorGone(aggregatorId);
      }
    }
    this.#release();
  }

  #everyoneKeepsUp(): boolean {
    return [...this.#streams.values()].every((stream) => stream.keepsUp);
  }

  #release(): void {
    if (this.#waiters.length === 0 || !this.#everyoneKeepsUp()) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
