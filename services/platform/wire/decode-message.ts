import { ChorusError } from '../../domain/errors.ts';

/**
 * Runs a generated decoder and says which message did not decode. Bytes that do not decode cannot
 * name a field, so the error names none.
 * @throws ChorusError `invalid_argument`
 */
export function decodeMessage<Message>(
  name: string,
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => Message,
): Message {
  try {
    return decode(bytes);
  } catch (thrown) {
    if (thrown instanceof ChorusError) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new ChorusError(
      'invalid_argument',
      `${bytes.byteLength} bytes do not decode as ${name}: ${reason}`,
      { cause: thrown },
    );
  }
}
