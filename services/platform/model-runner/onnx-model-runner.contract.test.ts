import { RealClock } from '../clock/real-clock.ts';
import { modelRunnerContract } from './model-runner.contract.ts';
import { OnnxModelRunner } from './onnx-model-runner.ts';

modelRunnerContract('OnnxModelRunner', () => {
  return new OnnxModelRunner({ clock: new RealClock(), threads: 2 });
});
