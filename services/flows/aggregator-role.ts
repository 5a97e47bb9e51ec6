import { ChorusError } from '../domain/errors.ts';
import type { Role } from '../domain/role.ts';
import type { Part } from '../platform/lifecycle.ts';
import type { Platform } from '../platform/platform.ts';
import { Recommender } from './recommender.ts';

/** The aggregator at work: the live bundle open, workers welcome, gateways' questions answered. */
export class AggregatorRole implements Role {
  readonly name = 'aggregator';
  /**
   * Where gateways ask. A part of its own, which starts after the worker beside this aggregator and
   * stops before it: what was asked needs workers until it is answered.
   */
  readonly desks: Part = {
    name: 'answer desks',
    start: () => this.#openDesks(),
    stop: () => this.#closeDesks(),
  };
  readonly #platform: Platform;
  #recommender: Recommender | undefined;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Whether it can answer. */
  get isOpen(): boolean {
    return this.#recommender !== undefined;
  }

  async start(): Promise<void> {
    const { aggregatorLine, settings } = this.#platform;
    if (aggregatorLine === undefined) {
      throw new ChorusError('internal', 'an aggregator was started without its reply line');
    }
    const { modelsDir, collectMs, databaseUrl } = settings;
    this.#recommender = await Recommender.open({
      ...this.#platform,
      aggregatorLine,
      modelsDir,
      collectMs,
      settlesUsers: databaseUrl === undefined,
    });
  }

  async stop(): Promise<void> {
    const recommender = this.#recommender;
    this.#recommender = undefined;
    await recommender?.close();
  }

  async #openDesks(): Promise<void> {
    const recommender = this.#recommender;
    if (recommender === undefined) {
      throw new ChorusError('internal', 'questions were to be taken before a bundle was open');
    }
    await recommender.accept();
    await Promise.all(this.#platform.answerDesks.map((desk) => desk.open(recommender)));
  }

  async #closeDesks(): Promise<void> {
    await Promise.all(this.#platform.answerDesks.map((desk) => desk.close()));
  }
}
