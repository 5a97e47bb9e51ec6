import { Counter, type CounterConfiguration } from 'prom-client';
import { type Labels, seriesKey } from './series-key.ts';

/**
 * A counter that hands its sums to prom-client when they are read: checking and hashing the labels
 * of each count costs .5 µs there, .05 here, at some twenty counts for each request.
 */
export class QuickCounter<Label extends string = never> {
  readonly #counter: Counter<Label>;
  readonly #labelNames: readonly Label[];
  readonly #due = new Map<string, { readonly labels: Labels<Label>; count: number }>();

  constructor(configuration: CounterConfiguration<Label>) {
    this.#labelNames = configuration.labelNames ?? [];
    this.#counter = new Counter({ ...configuration, collect: () => this.#handOver() });
  }

  /** Counts `count` more, one unless told. */
  inc(labels: Labels<Label>, count = 1): void {
    const key = seriesKey(this.#labelNames, labels);
    const series = this.#due.get(key);
    if (series !== undefined) series.count += count;
    else this.#due.set(key, { labels, count });
  }

  /** The sums so far. */
  async get() {
    return await this.#counter.get();
  }

  #handOver(): void {
    for (const { labels, count } of this.#due.values()) this.#counter.inc(labels, count);
    this.#due.clear();
  }
}
