import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import kafkajs from 'kafkajs';

/** A compressed batch may unfold to this many bytes; a fetch asks for at most 10 MiB. */
const maxUnfoldedBytes = 32 * 1024 * 1024;

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/**
 * Replaces kafkajs' GZIP codec, for the whole process: its own unfolds 500 KB into 500 MB without
 * asking (tulios/kafkajs#1795), so that one hostile record would end every reader.
 */
export function boundGzip(): void {
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.GZIP] = () => ({
    compress: async (encoder: { buffer: Buffer }) => compress(encoder.buffer),
    decompress: async (bytes: Buffer) => decompress(bytes, { maxOutputLength: maxUnfoldedBytes }),
  });
}
