import { ChorusError } from '../domain/errors.ts';
import type { Role } from '../domain/role.ts';
import type { Platform } from '../platform/platform.ts';
import { Recommender } from './recommender.ts';

/** The aggregator at work: the live bundle open, workers welcome, gateways' questions answered. */
export class AggregatorRole implements Role {
  readonly name = 'aggregator';
  readonly #platform: Platform;
  #recommender: Recommender | undefined;
  #isOpen = false;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Whether it can answer. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  async start(): Promise<void> {
    const { aggregatorLine, answerDesks, settings } = this.#platform;
    if (aggregatorLine === undefined) {
      throw new ChorusError('internal', 'an aggregator was started without its reply line');
    }
    const { modelsDir, collectMs, databaseUrl } = settings;
    const recommender = await Recommender.open({
      ...this.#platform,
      aggregatorLine,
      modelsDir,
      collectMs,
      settlesUsers: databaseUrl === undefined,
    });
    this.#recommender = recommender;
    await Promise.all(answerDesks.map((desk) => desk.open(recommender)));
    this.#isOpen = true;
  }

  async stop(): Promise<void> {
    this.#isOpen = false;
    // Questions in flight still need their workers.
    await Promise.all(this.#platform.answerDesks.map((desk) => desk.close()));
    await this.#recommender?.close();
  }
}
