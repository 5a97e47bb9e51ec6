import type { DataType } from './tensor.ts';

/**
 * One axis of a model's input or output: a fixed length, `batch` (rows of different tasks are
 * joined along it) or `ragged` (rows of different lengths are padded with zeros to the longest;
 * the graph must give such padding no effect).
 */
export type Axis = number | 'batch' | 'ragged';

/** A named input or output of a model. */
export interface TensorSignature {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: readonly Axis[];
}

/** One file of a bundle; the loaded bytes must have this size and hash. */
export interface BundleFile {
  /** Path inside the bundle's folder, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal SHA-256. */
  readonly sha256: string;
}

/** One ONNX model of a bundle, with the tensors that it takes and gives. */
export interface ModelSignature {
  /** Path of its file in `files`. */
  readonly file: string;
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
}

/** One expert of a bundle. */
export interface ExpertSignature extends ModelSignature {
  /** Unique in the mixture, as topics and `EXPERTS` name it (`1` … `8`). */
  readonly name: string;
}

/** Inputs and the outputs they must give, to 1e-4, before a bundle serves. */
export interface GoldenVector {
  readonly expert: string;
  readonly inputs: readonly GoldenTensor[];
  readonly outputs: readonly GoldenTensor[];
}

/** A small tensor written as plain numbers. */
export interface GoldenTensor {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/**
 * The manifest of one immutable version of a mixture: what its folder holds and what each file
 * must be. `mixtureParameters` is the mixture's own part (gate, head, fold-in, …), which only the
 * mixture reads.
 */
export interface Manifest {
  readonly format: 1;
  readonly mixture: string;
  /** `^[a-z0-9._-]{1,64}$`, also the folder's name. */
  readonly version: string;
  /** When it was built, in ms since the epoch. */
  readonly createdMs: number;
  readonly opset: number;
  readonly files: readonly BundleFile[];
  readonly experts: readonly ExpertSignature[];
  readonly golden: readonly GoldenVector[];
  /** Data, seed and settings that it came from. */
  readonly lineage: Readonly<Record<string, string | number>>;
  readonly metrics: Readonly<Record<string, number | readonly number[]>>;
  readonly mixtureParameters: unknown;
}

/** A bundle whose files were read once, and whose every byte was checked against the manifest. */
export interface BundleContents {
  readonly manifest: Manifest;
  /**
   * The checked bytes of one file.
   * @throws ChorusError `bundle_rejected` when the manifest does not list it.
   */
  file(path: string): Uint8Array;
}
