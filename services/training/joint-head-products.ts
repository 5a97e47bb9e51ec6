import { dotRows, tile, wholeTiles } from './dot-tile.ts';

/**
 * A block of vectors that every expert's table multiplies. The block and its products lie
 * transposed, width × items, so that every inner loop runs along rows.
 */
export interface ScoresGram {
  readonly offsets: Int32Array;
  readonly itemRows: Int32Array;
  readonly itemCount: number;
  /** One table B of items × items per expert. */
  readonly tables: Float32Array;
  /** Vectors; a multiple of the tile's side. */
  readonly width: number;
  readonly block: Float64Array;
  /** The result: width × items per expert. */
  readonly products: Float64Array;
}

/** (XB_e)ᵀ(XB_e) times the block, for experts `from` … `to` − 1, without ever forming XB_e. */
export function multiplyScoresGram(input: ScoresGram, from: number, to: number): void {
  const size = input.itemCount * input.width;
  const between = new Float64Array(size);
  const back = new Float64Array(size);
  for (let expert = from; expert < to; expert += 1) {
    const product = input.products.subarray(expert * size, (expert + 1) * size);
    multiplyTable(input, copyRows(input, expert), input.block, between);
    multiplyHistories(input, between, back);
    multiplyTable(input, copyColumns(input, expert), back, product);
  }
}

/** T_e = B_e times the block, for experts `from` … `to` − 1. */
export function projectExperts(input: ScoresGram, from: number, to: number): void {
  const size = input.itemCount * input.width;
  for (let expert = from; expert < to; expert += 1) {
    const product = input.products.subarray(expert * size, (expert + 1) * size);
    multiplyTable(input, copyRows(input, expert), input.block, product);
  }
}

/** Lines of a table that are copied out at once: as many floats as share a line of the cache. */
const lines = 16;

/** Copies lines `first` … `first + 15` of a table (rows or columns) into `out`; 0 past the end. */
type CopyLines = (first: number, out: Float64Array) => void;

function copyRows({ tables, itemCount }: ScoresGram, expert: number): CopyLines {
  const start = expert * itemCount * itemCount;
  return (first, out) => {
    const end = Math.min(itemCount, first + lines) * itemCount;
    out.fill(0);
    out.set(tables.subarray(start + first * itemCount, start + end));
  };
}

function copyColumns({ tables, itemCount }: ScoresGram, expert: number): CopyLines {
  const start = expert * itemCount * itemCount;
  return (first, out) => {
    const count = Math.min(lines, itemCount - first);
    out.fill(0);
    for (let i = 0; i < itemCount; i += 1) {
      for (let line = 0; line < count; line += 1) {
        out[line * itemCount + i] = tables[start + i * itemCount + first + line] ?? 0;
      }
    }
  };
}

/** out[k, line] = Σ_j table[line, j] · block[k, j], over the lines that `copy` brings. */
function multiplyTable(
  { itemCount, width }: ScoresGram,
  copy: CopyLines,
  block: Float64Array,
  out: Float64Array,
): void {
  const copied = new Float64Array(lines * itemCount);
  const dots = new Float64Array(tile * tile);
  const range = { stride: itemCount, from: 0, to: itemCount, dots };
  for (let first = 0; first < itemCount; first += lines) {
    copy(first, copied);
    const count = wholeTiles(Math.min(lines, itemCount - first));
    for (let k = 0; k < width; k += tile) {
      for (let line = 0; line < count; line += tile) {
        dotRows(block, k * itemCount, copied, line * itemCount, range);
        placeTile(dots, out, k * itemCount + first + line, itemCount, itemCount - first - line);
      }
    }
  }
}

/** Writes a tile's products at `at`, one row after `stride` numbers, `room` of its columns. */
function placeTile(
  dots: Float64Array,
  out: Float64Array,
  at: number,
  stride: number,
  room: number,
): void {
  for (let r = 0; r < tile; r += 1) {
    for (let c = 0; c < tile && c < room; c += 1) {
      out[at + r * stride + c] = dots[r * tile + c] ?? 0;
    }
  }
}

/** out = XᵀX · block: each history's sum, added back to each of its items. */
function multiplyHistories(input: ScoresGram, block: Float64Array, out: Float64Array): void {
  const { offsets, itemRows, itemCount, width } = input;
  out.fill(0);
  for (let k = 0; k < width; k += 1) {
    const line = k * itemCount;
    for (let user = 0; user + 1 < offsets.length; user += 1) {
      const start = offsets[user] ?? 0;
      const end = offsets[user + 1] ?? 0;
      let sum = 0;
      for (let at = start; at < end; at += 1) {
        sum += block[line + (itemRows[at] ?? 0)] ?? 0;
      }
      for (let at = start; at < end; at += 1) {
        const item = line + (itemRows[at] ?? 0);
        out[item] = (out[item] ?? 0) + sum;
      }
    }
  }
}
