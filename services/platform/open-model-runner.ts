import type { Clock } from './clock/clock.ts';
import type { ModelRunner } from './model-runner/model-runner.ts';
import { OnnxModelRunner } from './model-runner/onnx-model-runner.ts';

/**
 * The engine that runs models, in every process that serves, proves or measures a bundle.
 * @param threads runs at once; one fewer than the cores unless told.
 */
export function openModelRunner(clock: Clock, threads?: number): ModelRunner {
  return new OnnxModelRunner({ clock, ...(threads !== undefined && { threads }) });
}
