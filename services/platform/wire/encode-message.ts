import type { Writer } from 'protobufjs/minimal.js';
import protobuf from '../../../proto/protobuf-runtime.js';

/** A buffer that one large message grew beyond this is not kept. */
const keptBytes = 1 << 20;

let writer = protobuf.Writer.create();

/**
 * Runs a generated encoder and returns the bytes as a Buffer of their own, as grpc-js wants them.
 * Encoding is synchronous, so all messages share one growing buffer: half the cost of a new one each.
 */
export function encodeMessage<Message>(
  message: Message,
  encode: (message: Message, writer: Writer) => Writer,
): Buffer {
  const shared = writer.reset();
  try {
    return bufferOf(encode(message, shared).finish());
  } catch (thrown) {
    // It may hold half a message, whose open lengths reset() would not forget.
    writer = protobuf.Writer.create();
    throw thrown;
  } finally {
    if (shared.pos > keptBytes) writer = protobuf.Writer.create();
  }
}

// On Node protobufjs allocates Buffers, but its types say Uint8Array.
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
