import { chorus } from '../../../proto/generated/internal.js';
import { ChorusError } from '../../domain/errors.ts';
import type { DataType, Tensor } from '../../domain/tensor.ts';

const wireTypes = chorus.v1.DataType;

const wireTypeOf: Readonly<Record<DataType, chorus.v1.DataType>> = {
  float32: wireTypes.DATA_TYPE_FLOAT32,
  int64: wireTypes.DATA_TYPE_INT64,
  int32: wireTypes.DATA_TYPE_INT32,
  uint8: wireTypes.DATA_TYPE_UINT8,
  bool: wireTypes.DATA_TYPE_BOOL,
};

const dataTypes: readonly (DataType | undefined)[] = [
  undefined,
  'float32',
  'int64',
  'int32',
  'uint8',
  'bool',
];

/** A tensor as the generated encoder takes it; shares its shape and data. */
export function tensorToWire(tensor: Tensor): chorus.v1.Tensor.$Properties {
  return {
    name: tensor.name,
    dtype: wireTypeOf[tensor.dtype],
    shape: tensor.shape,
    data: tensor.data,
  };
}

/**
 * The domain's tensor of a decoded one. Its data is a view of the frame that it came in: it keeps
 * the frame alive, and changes with it.
 * @throws ChorusError `invalid_argument` for an element type that this version does not know
 */
export function tensorFromWire(tensor: chorus.v1.Tensor): Tensor {
  const dtype = dataTypes[tensor.dtype];
  if (dtype === undefined) {
    throw new ChorusError(
      'invalid_argument',
      `tensor ${JSON.stringify(tensor.name)} has the unknown element type ${tensor.dtype}`,
      { field: 'tensors.dtype' },
    );
  }
  return { name: tensor.name, dtype, shape: tensor.shape, data: tensor.data };
}
