import { type NamelessTensor, PacketReader, PacketWriter } from './packet.ts';

/** A run on its way to a thread: the thread knows the names from the model's signature. */
export interface PackedRun {
  readonly call: number;
  readonly model: number;
  readonly inputs: readonly NamelessTensor[];
}

/** What a run gave, on its way back. */
export interface PackedResult {
  readonly call: number;
  readonly runUs: number;
  readonly outputs: readonly NamelessTensor[];
}

/** Runs as one buffer. */
export function packRuns(runs: readonly PackedRun[]): ArrayBuffer {
  const writer = new PacketWriter();
  for (const { call, model, inputs } of runs) {
    writer.numbers(call, model, inputs.length);
    for (const input of inputs) writer.tensor(input);
  }
  return writer.toBuffer();
}

/** The runs in a buffer of `packRuns`, with views of it. */
export function unpackRuns(buffer: ArrayBuffer): PackedRun[] {
  const reader = new PacketReader(buffer);
  const runs: PackedRun[] = [];
  while (!reader.isAtEnd) {
    const call = reader.number();
    const model = reader.number();
    runs.push({ call, model, inputs: tensors(reader) });
  }
  return runs;
}

/** Results as one buffer. */
export function packResults(results: readonly PackedResult[]): ArrayBuffer {
  const writer = new PacketWriter();
  for (const { call, runUs, outputs } of results) {
    writer.numbers(call, runUs, outputs.length);
    for (const output of outputs) writer.tensor(output);
  }
  return writer.toBuffer();
}

/** The results in a buffer of `packResults`, with views of it. */
export function unpackResults(buffer: ArrayBuffer): PackedResult[] {
  const reader = new PacketReader(buffer);
  const results: PackedResult[] = [];
  while (!reader.isAtEnd) {
    const call = reader.number();
    const runUs = reader.number();
    results.push({ call, runUs, outputs: tensors(reader) });
  }
  return results;
}

function tensors(reader: PacketReader): NamelessTensor[] {
  return Array.from({ length: reader.number() }, () => reader.tensor());
}
