import type { ModelSignature, TensorSignature } from '../../domain/bundle.ts';
import { ChorusError } from '../../domain/errors.ts';
import { elementBytes, elementCount, type Tensor } from '../../domain/tensor.ts';

/** The inputs of one run that serves several tasks. */
export interface JoinedRows {
  /** One tensor for each input of the signature, in its order. */
  readonly inputs: Tensor[];
  /** Rows of each task, in the order of the tasks. */
  readonly rows: number[];
}

/**
 * Joins the inputs of several tasks along their `batch` axis, which must come first, and pads
 * `ragged` axes with zeros to the longest.
 * @param perTask the input tensors of each task, in any order within a task.
 * @throws ChorusError `invalid_argument` whose `field` is the input that is missing or does not fit.
 */
export function joinRows(
  signature: ModelSignature,
  perTask: readonly (readonly Tensor[])[],
): JoinedRows {
  const rows = perTask.map((tensors) => tensors[0]?.shape[0] ?? 0);
  const inputs = signature.inputs.map((declared) => {
    const parts = perTask.map((tensors, task) => partOf(declared, tensors, rows[task] ?? 0));
    return joined(declared, parts);
  });
  return { inputs, rows };
}

/**
 * Cuts outputs apart again: one list of tensors for each task. The parts are views of the outputs.
 * @throws ChorusError `model_failed` when an output has another number of rows than all tasks
 *   together, because then nobody knows whose they are.
 */
export function splitRows(outputs: readonly Tensor[], rows: readonly number[]): Tensor[][] {
  const total = rows.reduce((sum, each) => sum + each, 0);
  for (const { name, shape } of outputs) {
    if (shape[0] === total) continue;
    throw new ChorusError('model_failed', `${name} has ${shape[0]} rows, ${total} were given`);
  }
  let first = 0;
  return rows.map((count) => {
    const part = outputs.map((output) => slice(output, first, count));
    first += count;
    return part;
  });
}

function partOf(declared: TensorSignature, tensors: readonly Tensor[], rows: number): Tensor {
  const { name, dtype, shape } = declared;
  const tensor = tensors.find((each) => each.name === name);
  if (tensor === undefined) throw wrong(name, 'is missing');
  const fits =
    tensor.dtype === dtype &&
    tensor.shape.length === shape.length &&
    tensor.data.byteLength === elementCount(tensor.shape) * elementBytes[dtype] &&
    shape.every((axis, index) => typeof axis === 'string' || axis === tensor.shape[index]);
  if (!fits) throw wrong(name, `is not ${dtype} [${shape.join()}] or carries too few bytes`);
  if (tensor.shape[0] === rows) return tensor;
  throw wrong(name, `has ${tensor.shape[0]} rows, other inputs of its task have ${rows}`);
}

function joined({ name, dtype, shape }: TensorSignature, parts: readonly Tensor[]): Tensor {
  if (shape[0] !== 'batch') throw wrong(name, 'has no batch axis in front, so rows cannot join');
  const lengths = shape.map((_, axis) =>
    axis === 0
      ? parts.reduce((sum, part) => sum + (part.shape[0] ?? 0), 0)
      : parts.reduce((longest, part) => Math.max(longest, part.shape[axis] ?? 0), 0),
  );
  const data = new Uint8Array(elementCount(lengths) * elementBytes[dtype]);
  const rowBytes = elementCount(lengths.slice(1)) * elementBytes[dtype];
  let offset = 0;
  for (const part of parts) {
    copyPadded(part, data, offset, lengths);
    offset += (part.shape[0] ?? 0) * rowBytes;
  }
  return { name, dtype, shape: lengths, data };
}

// Copies elements to where they belong in a block of `lengths` that begins at `offset`; the rest
// of the block stays zero.
function copyPadded(
  { dtype, shape, data }: Tensor,
  target: Uint8Array,
  offset: number,
  lengths: readonly number[],
): void {
  // Axes behind the last padded one lie together in both: they are copied as one run.
  const inner = shape.findLastIndex((length, axis) => axis > 0 && length !== lengths[axis]);
  const runs = inner === -1 ? 1 : elementCount(shape.slice(0, inner));
  if (runs === 1) return target.set(data, offset);
  const runBytes = elementCount(shape.slice(inner)) * elementBytes[dtype];
  const stepBytes = elementCount(lengths.slice(inner)) * elementBytes[dtype];
  for (let run = 0; run < runs; run += 1) {
    const from = data.subarray(run * runBytes, (run + 1) * runBytes);
    target.set(from, offset + positionOf(run, shape, lengths, inner) * stepBytes);
  }
}

// Where the run-th stretch of a tensor lies when the axes before `inner` have other lengths.
function positionOf(
  run: number,
  shape: readonly number[],
  lengths: readonly number[],
  inner: number,
): number {
  let position = 0;
  let scale = 1;
  let rest = run;
  for (let axis = inner - 1; axis > 0; axis -= 1) {
    const length = shape[axis] ?? 1;
    position += (rest % length) * scale;
    scale *= lengths[axis] ?? 1;
    rest = Math.floor(rest / length);
  }
  return position + rest * scale;
}

function slice({ name, dtype, shape, data }: Tensor, first: number, count: number): Tensor {
  const rowBytes = elementCount(shape.slice(1)) * elementBytes[dtype];
  const bytes = data.subarray(first * rowBytes, (first + count) * rowBytes);
  return { name, dtype, shape: [count, ...shape.slice(1)], data: bytes };
}

function wrong(name: string, what: string): ChorusError {
  return new ChorusError('invalid_argument', `${name} ${what}`, { field: name });
}
