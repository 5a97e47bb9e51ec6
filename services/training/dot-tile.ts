/** Side of the tiles that the heaviest loops work on. */
export const tile = 4;

/** The next multiple of the tile's side. */
export function wholeTiles(count: number): number {
  return Math.ceil(count / tile) * tile;
}

/** Where the rows of a tile lie and where their products go. */
export interface DotRange {
  /** Numbers from one row to the next, in both. */
  readonly stride: number;
  readonly from: number;
  readonly to: number;
  /** Where the 4 × 4 products go. */
  readonly dots: Float64Array;
}

/**
 * Dot products of four rows of `a` with four rows of `b`, over the columns `from` … `to` − 1: each
 * loaded number is used four times, which is what makes large products bearable in JavaScript.
 * @param aRow index of the first row's first number.
 */
export function dotRows(
  a: Float64Array,
  aRow: number,
  b: Float64Array,
  bRow: number,
  range: DotRange,
): void {
  // Two rows of a at a time: eight sums fit the processor's registers, sixteen do not.
  dotTwoRows(a, aRow, b, bRow, range, 0);
  dotTwoRows(a, aRow + 2 * range.stride, b, bRow, range, 2 * tile);
}

// oxlint-disable-next-line max-params
function dotTwoRows(
  a: Float64Array,
  a0: number,
  b: Float64Array,
  b0: number,
  { stride, from, to, dots }: DotRange,
  out: number,
): void {
  const a1 = a0 + stride;
  const b1 = b0 + stride;
  const b2 = b1 + stride;
  const b3 = b2 + stride;
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  for (let k = from; k < to; k += 1) {
    const x0 = a[a0 + k] ?? 0;
    const x1 = a[a1 + k] ?? 0;
    const y0 = b[b0 + k] ?? 0;
    const y1 = b[b1 + k] ?? 0;
    const y2 = b[b2 + k] ?? 0;
    const y3 = b[b3 + k] ?? 0;
    s00 += x0 * y0;
    s01 += x0 * y1;
    s02 += x0 * y2;
    s03 += x0 * y3;
    s10 += x1 * y0;
    s11 += x1 * y1;
    s12 += x1 * y2;
    s13 += x1 * y3;
  }
  dots[out] = s00;
  dots[out + 1] = s01;
  dots[out + 2] = s02;
  dots[out + 3] = s03;
  dots[out + 4] = s10;
  dots[out + 5] = s11;
  dots[out + 6] = s12;
  dots[out + 7] = s13;
}
