import { expect, it } from 'vitest';
import type { Writer } from 'protobufjs/minimal.js';
import { encodeMessage } from './encode-message.ts';

const encodeText = (text: string, writer: Writer) => writer.uint32(10).string(text);

it('gives each message bytes of its own', () => {
  const first = encodeMessage('first', encodeText);
  encodeMessage('other', encodeText);
  expect(first.toString('latin1')).toBe('\n\u0005first');
});

it('forgets a message that failed half way, open lengths included', () => {
  const failing = (text: string, writer: Writer): Writer => {
    writer.uint32(10).fork().string(text);
    throw new Error('half way');
  };
  expect(() => encodeMessage('lost', failing)).toThrow('half way');
  expect(encodeMessage('next', encodeText).toString('latin1')).toBe('\n\u0004next');
});

it('encodes messages that outgrow the buffer', () => {
  const long = 'x'.repeat(3 << 20);
  expect(encodeMessage(long, encodeText)).toHaveLength(long.length + 5);
  expect(encodeMessage('next', encodeText)).toHaveLength(6);
});
