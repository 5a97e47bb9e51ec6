import { type Tensor } from '../../domain/tensor.ts';
import { type Graph } from '../../platform/model-runner/graph.ts';
import { openGraph } from '../../platform/open-graph.ts';

/**
 * A graph that each thread opens for itself when it first needs it: a session serves one thread at
 * a time, and most runs need few of the graphs. It lives as long as its thread.
 */
export class ThreadGraph {
  readonly #build: () => Uint8Array;
  #opening: Promise<Graph> | undefined;

  constructor(build: () => Uint8Array) {
    this.#build = build;
  }

  /** See `Graph.run`. */
  async run(inputs: readonly Tensor[], outputs: readonly Tensor[]): Promise<void> {
    this.#opening ??= openGraph(this.#build());
    const graph = await this.#opening;
    await graph.run(inputs, outputs);
  }
}
