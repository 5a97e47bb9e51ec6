/** Writes the number and text forms of Kafka's protocol into one buffer of a known capacity. */
export class WireWriter {
  readonly #buffer: Buffer;
  #at = 0;

  /** @param capacity no fewer bytes than will be written. */
  constructor(capacity: number) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  /** Where the next byte goes. */
  get position(): number {
    return this.#at;
  }

  /** What was written so far. */
  get written(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }

  int8(value: number): void {
    this.#buffer[this.#at] = value;
    this.#at += 1;
  }

  int16(value: number): void {
    this.#at = this.#buffer.writeInt16BE(value, this.#at);
  }

  int32(value: number): void {
    this.#at = this.#buffer.writeInt32BE(value, this.#at);
  }

  /** A whole number within ±2^53. */
  int64(value: number): void {
    const high = Math.floor(value / 2 ** 32);
    this.int32(high);
    this.#at = this.#buffer.writeUInt32BE(value - high * 2 ** 32, this.#at);
  }

  /** A text behind its length as int16. */
  string(text: string): void {
    const lengthAt = this.#at;
    this.#at += 2;
    this.#at += this.#buffer.write(text, this.#at);
    this.#buffer.writeInt16BE(this.#at - lengthAt - 2, lengthAt);
  }

  /** A whole number of 32 bits, zigzag: small ones take one byte, -1 too. */
  varint(value: number): void {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    while (rest > 0x7f) {
      this.int8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.int8(rest);
  }

  /** A text of known length in bytes, behind that length as varint. */
  text(text: string, byteLength: number): void {
    this.varint(byteLength);
    this.#at += this.#buffer.write(text, this.#at, byteLength);
  }

  /** Bytes behind their length as varint. */
  bytes(bytes: Uint8Array): void {
    this.varint(bytes.byteLength);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.byteLength;
  }

  /** Leaves room for an int32 that is known later; gives its place to `int32At`. */
  skipInt32(): number {
    this.#at += 4;
    return this.#at - 4;
  }

  /** Writes an int32, or a number below 2^32 as one, where room was left. */
  int32At(place: number, value: number): void {
    this.#buffer.writeInt32BE(value | 0, place);
  }
}

/** Bytes that `varint` takes. */
export function varintBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}
