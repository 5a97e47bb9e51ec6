import { gzipSync } from 'node:zlib';
import kafkajs from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { boundGzip } from './bounded-gzip.ts';

interface Codec {
  readonly compress: (encoder: { buffer: Buffer }) => Promise<Buffer>;
  readonly decompress: (bytes: Buffer) => Promise<Buffer>;
}

describe('bounded gzip', () => {
  boundGzip();
  const codec: Codec = kafkajs.CompressionCodecs[kafkajs.CompressionTypes.GZIP]();

  it('gives back what it took', async () => {
    const bytes = Buffer.from('film '.repeat(1000));
    expect(await codec.decompress(await codec.compress({ buffer: bytes }))).toEqual(bytes);
  });

  it('refuses a small batch that unfolds into a large one', async () => {
    const bomb = gzipSync(Buffer.alloc(40 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(100_000);
    await expect(codec.decompress(bomb)).rejects.toThrow('Cannot create a Buffer larger than');
  });
});
