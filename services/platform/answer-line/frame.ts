import { frameBytes, maxMessageBytes } from '../aggregator-link/raw-stream.ts';

const roomForTheHead = 4096;

/** A piece that is larger fits into no message at all. */
export const maxPieceBytes = maxMessageBytes - roomForTheHead;

/** One frame in the making: a head, and encoded pieces that become part of the same message. */
export class Frame {
  readonly #pieces: Buffer[];
  #bytes: number;

  constructor(head: Buffer) {
    this.#pieces = [head];
    this.#bytes = head.byteLength;
  }

  /** Whether it holds nothing but its head. */
  get isEmpty(): boolean {
    return this.#pieces.length === 1;
  }

  /** Whether the piece has room; a large one has it in an empty frame. */
  fits(piece: Buffer): boolean {
    return this.isEmpty || this.#bytes + piece.byteLength <= frameBytes;
  }

  /** Adds a piece of at most `maxPieceBytes`. */
  add(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#bytes += piece.byteLength;
  }

  /** The whole message. */
  toBytes(): Buffer {
    return Buffer.concat(this.#pieces, this.#bytes);
  }
}
