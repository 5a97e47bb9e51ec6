import { ChorusError } from '../domain/errors.ts';
import type { Role } from '../domain/role.ts';
import type { Platform } from '../platform/platform.ts';
import { Recommender } from './recommender.ts';

/** The aggregator at work: the live bundle open, workers welcome, requests answered. */
export class AggregatorRole implements Role {
  readonly name = 'aggregator';
  readonly #platform: Platform;
  #recommender: Recommender | undefined;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** The mixture that this process answers with. */
  get recommender(): Recommender {
    if (this.#recommender !== undefined) return this.#recommender;
    throw new ChorusError('unavailable', 'the aggregator has not started');
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
    const { modelsDir, collectMs } = settings;
    this.#recommender = await Recommender.open({
      ...this.#platform,
      aggregatorLine,
      modelsDir,
      collectMs,
    });
  }

  async stop(): Promise<void> {
    await this.#recommender?.close();
  }
}
