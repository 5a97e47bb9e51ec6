/**
 * Writes a protobuf message from its end to its start. A length stands before what it measures:
 * going backwards it is known when it is due, so one pass and one allocation do.
 */
export class BackwardWriter {
  readonly #buffer: Buffer;
  #at: number;

  /** `capacity`: no fewer bytes than will be written. */
  constructor(capacity: number) {
    this.#buffer = Buffer.allocUnsafe(capacity);
    this.#at = capacity;
  }

  /** Where the last written byte stands; what `closeMessage` wants to know. */
  get position(): number {
    return this.#at;
  }

  /** What was written. */
  finish(): Buffer {
    return this.#buffer.subarray(this.#at);
  }

  /** A uint32 field; cut to a whole number, not below 0. Zero takes no room. */
  number(tag: number, value: number): void {
    if (!(value >= 1)) return;
    this.varint(value);
    this.#tag(tag);
  }

  /** A field of a whole number up to 2^53, not below 0, such as a date. Zero takes no room. */
  large(tag: number, value: number): void {
    if (value < 0x1_0000_0000) {
      this.number(tag, value);
      return;
    }
    let rest = Math.trunc(value);
    const digits: number[] = [];
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) digits.push((rest % 0x80) | 0x80);
    digits.push(rest);
    this.#at -= digits.length;
    this.#buffer.set(digits, this.#at);
    this.#tag(tag);
  }

  /** A double field. */
  double(tag: number, value: number): void {
    this.#at -= 8;
    this.#buffer.writeDoubleLE(value, this.#at);
    this.#tag(tag);
  }

  /** A field of packed doubles; none take no room. */
  doubles(tag: number, values: readonly number[]): void {
    this.#packed(tag, values, 8, (value, at) => this.#buffer.writeDoubleLE(value, at));
  }

  /** A field of packed floats; none take no room. */
  floats(tag: number, values: readonly number[]): void {
    this.#packed(tag, values, 4, (value, at) => this.#buffer.writeFloatLE(value, at));
  }

  /** Fields that were written before, as they are. */
  raw(fields: Uint8Array): void {
    this.#at -= fields.byteLength;
    this.#buffer.set(fields, this.#at);
  }

  /** A string field; the empty one takes no room. */
  text(tag: number, text: string): void {
    if (text === '') return;
    const end = this.#at;
    if (!this.#ascii(text)) {
      const length = Buffer.byteLength(text);
      this.#at = end - length;
      this.#buffer.write(text, this.#at, length);
    }
    this.closeMessage(tag, end);
  }

  /** A bytes field; no bytes take no room. */
  bytes(tag: number, bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    const end = this.#at;
    this.#at -= bytes.byteLength;
    this.#buffer.set(bytes, this.#at);
    this.closeMessage(tag, end);
  }

  /** Puts length and tag before all that was written since `end` was the position. */
  closeMessage(tag: number, end: number): void {
    this.varint(end - this.#at);
    this.#tag(tag);
  }

  /** A whole number below 2^32, without a tag. */
  varint(value: number): void {
    let rest = value >>> 0;
    let at = this.#at - varintBytes(rest);
    this.#at = at;
    while (rest > 0x7f) {
      this.#buffer[at] = (rest & 0x7f) | 0x80;
      at += 1;
      rest >>>= 7;
    }
    this.#buffer[at] = rest;
  }

  #packed(
    tag: number,
    values: readonly number[],
    size: number,
    write: (value: number, at: number) => void,
  ): void {
    if (values.length === 0) return;
    const end = this.#at;
    this.#at -= values.length * size;
    for (const [index, value] of values.entries()) write(value, this.#at + index * size);
    this.closeMessage(tag, end);
  }

  #tag(tag: number): void {
    // Of a field above 15: two bytes.
    if (tag > 0x7f) return this.varint(tag);
    this.#at -= 1;
    this.#buffer[this.#at] = tag;
  }

  // Ids and names are short and ASCII: a loop here beats a call into the runtime.
  #ascii(text: string): boolean {
    if (text.length > 64) return false;
    const start = this.#at - text.length;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      this.#buffer[start + index] = code;
    }
    this.#at = start;
    return true;
  }
}

function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}
