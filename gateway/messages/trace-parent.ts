/** In which header, or gRPC metadata, a caller says what its request belongs to (W3C Trace Context). */
export const traceParentHeader = 'traceparent';

// Version ff and ids of zeros alone are not allowed; later versions may say more behind the flags.
const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;
const longest = 128;

/** What the header says; empty where there is none or it makes no sense, which is no reason to refuse a request. */
export function traceParent(header: unknown): string {
  if (typeof header !== 'string' || header.length > longest) return '';
  return pattern.test(header) ? header : '';
}
