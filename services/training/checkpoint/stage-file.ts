import { type FileHandle, open, rename } from 'node:fs/promises';
import { ChorusError } from '../../domain/errors.ts';
import { type StageArrays } from './checkpoint.ts';

const kinds = {
  int32: { bytes: 4, over: (buffer: SharedArrayBuffer) => new Int32Array(buffer) },
  float32: { bytes: 4, over: (buffer: SharedArrayBuffer) => new Float32Array(buffer) },
  float64: { bytes: 8, over: (buffer: SharedArrayBuffer) => new Float64Array(buffer) },
} as const;

interface Header {
  readonly arrays: readonly { name: string; kind: keyof typeof kinds; length: number }[];
}

/** Bytes before the header: its length, in eight hexadecimal digits. */
const prefix = 8;

/** Writes arrays as one file that appears complete or not at all, even when the power fails. */
export async function writeStageFile(path: string, arrays: StageArrays): Promise<void> {
  const header: Header = {
    arrays: Object.entries(arrays).map(([name, array]) => {
      return { name, kind: kindOf(array), length: array.length };
    }),
  };
  const text = Buffer.from(JSON.stringify(header));
  const building = `${path}.building`;
  const file = await open(building, 'w');
  try {
    await writeAll(file, Buffer.from(text.length.toString(16).padStart(prefix, '0')));
    await writeAll(file, text);
    for (const array of Object.values(arrays)) {
      const { buffer, byteOffset, byteLength } = array;
      // oxlint-disable-next-line no-await-in-loop -- one after another into one file
      await writeAll(file, new Uint8Array(buffer, byteOffset, byteLength));
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(building, path);
}

/**
 * Reads such a file, into memory that all threads share.
 * @returns nothing when there is no such file.
 * @throws ChorusError `invalid_argument` when it is not what `writeStageFile` writes.
 */
export async function readStageFile(path: string): Promise<StageArrays | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return await readArrays(file);
  } catch (cause) {
    const message = `the checkpoint ${path} cannot be read; remove it to train from the beginning`;
    throw new ChorusError('invalid_argument', message, { cause });
  } finally {
    await file.close();
  }
}

async function readArrays(file: FileHandle): Promise<StageArrays> {
  const size = Number.parseInt(Buffer.from(await readAll(file, prefix)).toString(), 16);
  const header: Header = JSON.parse(Buffer.from(await readAll(file, size)).toString());
  const arrays: Record<string, StageArrays[string]> = {};
  for (const { name, kind, length } of header.arrays) {
    const { bytes, over } = kinds[kind];
    // oxlint-disable-next-line no-await-in-loop -- one after another out of one file
    arrays[name] = over(await readAll(file, length * bytes));
  }
  return arrays;
}

/** Larger pieces would block one of Node's few file threads for long, and 2 GiB fail. */
const piece = 2 ** 26;

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    // oxlint-disable-next-line no-await-in-loop -- each piece begins where the last one ended
    const { bytesWritten } = await file.write(bytes, at, Math.min(piece, bytes.length - at));
    at += bytesWritten;
  }
}

async function readAll(file: FileHandle, count: number): Promise<SharedArrayBuffer> {
  const buffer = new SharedArrayBuffer(count);
  const bytes = new Uint8Array(buffer);
  for (let at = 0; at < count;) {
    // oxlint-disable-next-line no-await-in-loop -- each piece begins where the last one ended
    const { bytesRead } = await file.read(bytes, at, Math.min(piece, count - at));
    if (bytesRead === 0) throw new Error(`the file ends ${count - at} bytes early`);
    at += bytesRead;
  }
  return buffer;
}

function kindOf(array: StageArrays[string]): keyof typeof kinds {
  if (array instanceof Int32Array) return 'int32';
  return array instanceof Float32Array ? 'float32' : 'float64';
}
