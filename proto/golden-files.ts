import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type protobuf from 'protobufjs';
import { chorus as internal } from './generated/internal.js';
import { chorus as publicContract } from './generated/public.js';
import type { ContractMessage } from './contract.ts';
import type { Values } from './example-values.ts';

/** Values of one message and the bytes that they are, for ever. */
export interface GoldenCase {
  readonly values: Values;
  /** The bytes in lower-case hexadecimal. */
  readonly hex: string;
}

/** The golden cases of a message, oldest first; none when it was never released. */
export async function readGolden(message: ContractMessage): Promise<GoldenCase[]> {
  try {
    return JSON.parse(await readFile(fileOf(message), 'utf8'));
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw thrown;
  }
}

/** Replaces the golden cases of a message. */
export async function writeGolden(message: ContractMessage, cases: GoldenCase[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(fileOf(message), `${JSON.stringify(cases, undefined, 2)}\n`);
}

/** The bytes of these values by the generated codec, in hexadecimal. */
export function encodeValues(message: ContractMessage, values: Values): string {
  const bytes = codecOf(message).encode(message.type.fromObject(values)).finish();
  return Buffer.from(bytes).toString('hex');
}

/** The values in these bytes by the generated codec; absent fields are absent. */
export function decodeValues(message: ContractMessage, hex: string): Values {
  const decoded = codecOf(message).decode(Buffer.from(hex, 'hex'));
  return message.type.toObject(decoded, { enums: String, bytes: String });
}

interface Codec {
  encode(this: void, message: object): protobuf.Writer;
  decode(this: void, bytes: Uint8Array): protobuf.Message;
}

function codecOf({ module, name }: ContractMessage): Codec {
  const namespace = module.name === 'internal' ? internal.v1 : publicContract.v1;
  return Reflect.get(namespace, name.slice('chorus.v1.'.length));
}

const folder = new URL('golden/', import.meta.url);

function fileOf({ name }: ContractMessage): URL {
  return new URL(`${name}.json`, folder);
}
