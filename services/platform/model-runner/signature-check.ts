import type { Axis, ModelSignature, TensorSignature } from '../../domain/bundle.ts';
import { ChorusError } from '../../domain/errors.ts';
import { elementBytes, elementCount, type Tensor } from '../../domain/tensor.ts';

/** An input or output as the engine found it in the model; a varying axis has its name or ''. */
export interface ModelValue {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

/** What the engine found in the model. */
export interface ModelInterface {
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
}

/**
 * Compares a model with its signature: the same inputs, all the signature's outputs (a model may
 * give more, they are not asked for), equal dtypes and ranks, and an axis that varies in the
 * signature varies in the model too.
 * @throws ChorusError `bundle_rejected` naming the first difference.
 */
export function checkSignature(signature: ModelSignature, model: ModelInterface): void {
  for (const input of signature.inputs) checkValue('input', input, model.inputs);
  for (const output of signature.outputs) checkValue('output', output, model.outputs);
  const declared = new Set(signature.inputs.map(({ name }) => name));
  const extra = model.inputs.find(({ name }) => !declared.has(name));
  if (extra !== undefined) {
    throw unfit(`the model needs the input ${extra.name}, which the signature lacks`);
  }
}

function checkValue(kind: string, declared: TensorSignature, found: readonly ModelValue[]): void {
  const { name, dtype, shape } = declared;
  const value = found.find((each) => each.name === name);
  if (value === undefined) throw unfit(`the model has no ${kind} ${name}`);
  if (value.dtype !== dtype) throw unfit(`${kind} ${name} is ${value.dtype}, declared ${dtype}`);
  const fits =
    value.shape.length === shape.length &&
    shape.every((axis, index) => axisFits(axis, value.shape[index]));
  if (!fits)
    throw unfit(
      `${kind} ${name} has the shape [${value.shape.join()}], declared [${shape.join()}]`,
    );
}

function axisFits(declared: Axis, found: number | string | undefined): boolean {
  return typeof found === 'string' || found === declared;
}

function unfit(difference: string): ChorusError {
  return new ChorusError('bundle_rejected', `the model does not fit its signature: ${difference}`);
}

/**
 * Checks the inputs of a run and puts them in the signature's order.
 * @throws ChorusError `invalid_argument` whose `field` is the input at fault.
 */
export function orderInputs(signature: ModelSignature, inputs: readonly Tensor[]): Tensor[] {
  const ordered = signature.inputs.map((declared) => {
    const tensor = inputs.find(({ name }) => name === declared.name);
    checkTensor(declared, tensor);
    return tensor;
  });
  if (inputs.length !== ordered.length) {
    const known = new Set(signature.inputs.map(({ name }) => name));
    const name = inputs.find((input) => !known.has(input.name))?.name ?? 'inputs';
    throw wrong(name, `${inputs.length} inputs, ${ordered.length} expected`);
  }
  rowsOf(signature.inputs, ordered);
  return ordered;
}

/**
 * Rows of a batch: the common length of all `batch` axes, `undefined` where there is none.
 * @throws ChorusError `invalid_argument` naming the first tensor that has another number.
 */
function rowsOf(
  declared: readonly TensorSignature[],
  tensors: readonly Tensor[],
): number | undefined {
  let rows: number | undefined;
  for (const [index, { name, shape }] of declared.entries()) {
    const axis = shape.indexOf('batch');
    if (axis === -1) continue;
    const length = tensors[index]?.shape[axis];
    rows ??= length;
    if (length !== rows) throw wrong(name, `${length} rows where others have ${rows}`);
  }
  return rows;
}

/**
 * Refuses a run that gave another number of rows than it was given: rows would reach strangers.
 * @throws ChorusError `model_failed`.
 */
export function checkOutputRows(
  signature: ModelSignature,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
): void {
  const given = rowsOf(signature.inputs, inputs);
  for (const [index, { name, shape }] of signature.outputs.entries()) {
    const axis = shape.indexOf('batch');
    const rows = outputs[index]?.shape[axis];
    if (axis === -1 || given === undefined || rows === given) continue;
    throw new ChorusError('model_failed', `${name} has ${rows} rows, ${given} were given`);
  }
}

function checkTensor(
  { name, dtype, shape }: TensorSignature,
  tensor: Tensor | undefined,
): asserts tensor is Tensor {
  if (tensor === undefined) throw wrong(name, 'is missing');
  if (tensor.dtype !== dtype) throw wrong(name, `is ${tensor.dtype}, ${dtype} expected`);
  const fits =
    tensor.shape.length === shape.length &&
    shape.every((axis, index) => typeof axis === 'string' || axis === tensor.shape[index]);
  if (!fits)
    throw wrong(name, `has the shape [${tensor.shape.join()}], [${shape.join()}] expected`);
  const bytes = elementCount(tensor.shape) * elementBytes[dtype];
  if (tensor.data.byteLength !== bytes) {
    throw wrong(name, `carries ${tensor.data.byteLength} bytes, its shape needs ${bytes}`);
  }
}

function wrong(name: string, what: string): ChorusError {
  return new ChorusError('invalid_argument', `${name}: ${what}`, { field: name });
}
