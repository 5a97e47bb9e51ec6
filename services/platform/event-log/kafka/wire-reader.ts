/** Reads the number and text forms of Kafka's protocol out of a buffer, from front to back. */
export class WireReader {
  readonly #buffer: Buffer;
  #at: number;

  constructor(buffer: Buffer, at = 0) {
    this.#buffer = buffer;
    this.#at = at;
  }

  /** Where the next byte is read. */
  get position(): number {
    return this.#at;
  }

  /** Goes on at another place. */
  moveTo(position: number): void {
    this.#at = position;
  }

  int8(): number {
    this.#at += 1;
    return this.#buffer.readInt8(this.#at - 1);
  }

  int16(): number {
    this.#at += 2;
    return this.#buffer.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#buffer.readInt32BE(this.#at - 4);
  }

  /** Exact within ±2^53: offsets and times are. */
  int64(): number {
    return this.int32() * 2 ** 32 + (this.int32() >>> 0);
  }

  /** A text behind its length as int16. */
  string(): string {
    const length = this.int16();
    return this.#text(length);
  }

  /** A zigzag number of up to 53 bits. */
  varint(): number {
    let value = 0;
    let scale = 1;
    let byte = this.#byte();
    while (byte > 0x7f) {
      value += (byte & 0x7f) * scale;
      scale *= 128;
      byte = this.#byte();
    }
    value += byte * scale;
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A text behind its length as varint; empty for none. */
  text(): string {
    return this.#text(this.varint());
  }

  /** Bytes behind their length as varint: a view, empty for none. */
  bytes(): Uint8Array {
    const length = Math.max(0, this.varint());
    this.#at += length;
    return this.#buffer.subarray(this.#at - length, this.#at);
  }

  #text(length: number): string {
    if (length <= 0) return '';
    this.#at += length;
    return this.#buffer.toString('utf8', this.#at - length, this.#at);
  }

  #byte(): number {
    this.#at += 1;
    // Past the end: a number that ends the loop; whoever reads checks the length beforehand.
    return this.#buffer[this.#at - 1] ?? 0;
  }
}
