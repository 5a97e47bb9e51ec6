// The one place that sets protobufjs up; generated code imports it instead of the library, so that
// nothing decodes before this has run. It is JavaScript because generated code is, in `dist` too.
import protobuf from 'protobufjs/minimal.js';

// By default an int64 becomes a Long object, which no arithmetic or comparison of ours understands.
protobuf.util.Long = null;
protobuf.configure();

// Without Long the library rounds integers past 2^53 silently: an id or a time would be wrong, not refused.
const prototype = protobuf.Reader.prototype;
for (const method of ['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64']) {
  const read = prototype[method];
  prototype[method] = function readSafeInteger() {
    const value = read.call(this);
    if (Number.isSafeInteger(value)) return value;
    throw new RangeError(`a 64-bit integer of about ${value} is past 2^53`);
  };
}

// Bytes come as views of what they were read from, but as Uint8Arrays: of a Buffer, slice() would not copy.
protobuf.BufferReader.prototype.raw = function readView(start, end) {
  return new Uint8Array(this.buf.buffer, this.buf.byteOffset + start, end - start);
};

// Generated ES modules import their runtime as a default export.
export default protobuf;
