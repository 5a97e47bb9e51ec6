import type { DataType, Tensor } from '../../domain/tensor.ts';

/** A tensor on its way: both ends know its name from the model's signature. */
export type NamelessTensor = Omit<Tensor, 'name'>;

const dataTypes: readonly DataType[] = ['float32', 'int64', 'int32', 'uint8', 'bool'];
/** Where an element of any type may begin. */
const alignment = 8;

/**
 * Numbers and tensors packed into one buffer that another thread gets without a copy. As objects
 * each tensor would cost 3 µs of structured clone there and as much back; here it is two moves of
 * its bytes.
 *
 * Layout: how many numbers there are, the numbers (8 bytes each), then the tensors' bytes.
 */
export class PacketWriter {
  readonly #numbers: number[] = [];
  readonly #parts: Uint8Array[] = [];
  #bytes = 0;

  /** Adds numbers, exact up to 2^53. */
  numbers(...values: readonly number[]): void {
    this.#numbers.push(...values);
  }

  /** Adds a tensor; its bytes are read by `toBuffer`. */
  tensor({ dtype, shape, data }: NamelessTensor): void {
    this.#numbers.push(dataTypes.indexOf(dtype), data.byteLength, shape.length, ...shape);
    this.#parts.push(data);
    this.#bytes += aligned(data.byteLength);
  }

  /** Everything that was added. */
  toBuffer(): ArrayBuffer {
    const count = this.#numbers.length;
    const buffer = new ArrayBuffer((1 + count) * alignment + this.#bytes);
    const numbers = new Float64Array(buffer, 0, 1 + count);
    numbers[0] = count;
    numbers.set(this.#numbers, 1);
    const bytes = new Uint8Array(buffer);
    let offset = (1 + count) * alignment;
    for (const part of this.#parts) {
      bytes.set(part, offset);
      offset += aligned(part.byteLength);
    }
    return buffer;
  }
}

/** Reads a packet in the order in which it was written. */
export class PacketReader {
  readonly #buffer: ArrayBuffer;
  readonly #numbers: Float64Array;
  #next = 1;
  #offset: number;

  constructor(buffer: ArrayBuffer) {
    this.#buffer = buffer;
    const count = new Float64Array(buffer, 0, 1)[0] ?? 0;
    this.#numbers = new Float64Array(buffer, 0, 1 + count);
    this.#offset = (1 + count) * alignment;
  }

  /** Whether there is nothing more. */
  get isAtEnd(): boolean {
    return this.#next >= this.#numbers.length;
  }

  number(): number {
    const value = this.#numbers[this.#next] ?? NaN;
    this.#next += 1;
    return value;
  }

  /** A tensor whose data is a view of the packet. */
  tensor(): NamelessTensor {
    const dtype = dataTypes[this.number()] ?? 'uint8';
    const byteLength = this.number();
    const rank = this.number();
    const shape = Array.from(this.#numbers.subarray(this.#next, this.#next + rank));
    this.#next += rank;
    const data = new Uint8Array(this.#buffer, this.#offset, byteLength);
    this.#offset += aligned(byteLength);
    return { dtype, shape, data };
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
