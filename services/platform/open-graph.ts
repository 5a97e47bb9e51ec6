import type { Graph } from './model-runner/graph.ts';
import { openOnnxGraph } from './model-runner/onnx-graph.ts';

/**
 * Opens a graph on the engine that serves, in the thread that calls: where training's matrix
 * products run, at some fifty times the speed of plain loops.
 */
export async function openGraph(bytes: Uint8Array): Promise<Graph> {
  return await openOnnxGraph(bytes);
}
