import { intsOf, type Tensor } from '../../domain/tensor.ts';
import { RealClock } from '../clock/real-clock.ts';
import { ArithmeticModelRunner, type ModelFunction } from './arithmetic-model-runner.ts';
import { bagRows, modelRunnerContract } from './model-runner.contract.ts';
import { sumOfRow } from './sum-of-row.ts';

const items = (inputs: readonly Tensor[]) =>
  inputs.slice(0, 1).flatMap((each) => Array.from(intsOf(each)));

const bag: ModelFunction = (inputs, signature) => {
  if (items(inputs).some((item) => item >= bagRows)) throw new Error('no such item');
  return sumOfRow(inputs, signature);
};

modelRunnerContract('ArithmeticModelRunner', () => {
  return new ArithmeticModelRunner({ clock: new RealClock(), models: { bag }, capacity: 2 });
});
