import { ChorusError } from '../../domain/errors.ts';
import type { Value } from '../records/records.ts';

/**
 * Rows of a bulk insert on their way to the storage thread: all cells in one list, all bytes in one
 * buffer that changes hands. Copied one by one, each row and each value costs an object on both sides.
 */
export interface PackedRows {
  /** Cells of a row. */
  readonly columns: number;
  /** Row after row; null where a cell's bytes are in `bytes`. */
  readonly cells: readonly Value[];
  /** Index of each cell of bytes and its length, in turn. */
  readonly places: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** @throws ChorusError `invalid_argument` when the rows are not all as long as the first. */
export function packRows(rows: readonly (readonly Value[])[]): PackedRows {
  const columns = rows[0]?.length ?? 0;
  const cells: Value[] = [];
  const places: number[] = [];
  const blobs: Uint8Array[] = [];
  let byteLength = 0;
  for (const row of rows) {
    if (row.length !== columns) {
      const message = `expected ${columns} cells in each row, got ${row.length}`;
      throw new ChorusError('invalid_argument', message);
    }
    for (const cell of row) {
      if (!(cell instanceof Uint8Array)) {
        cells.push(cell);
        continue;
      }
      places.push(cells.length, cell.byteLength);
      cells.push(null);
      blobs.push(cell);
      byteLength += cell.byteLength;
    }
  }
  return { columns, cells, places, bytes: joined(blobs, byteLength) };
}

/** The rows that were packed; their bytes are views of the one buffer. */
export function unpackRows({ columns, cells, places, bytes }: PackedRows): readonly Value[][] {
  const whole = [...cells];
  let start = 0;
  for (let at = 0; at < places.length; at += 2) {
    const end = start + (places[at + 1] ?? 0);
    whole[places[at] ?? 0] = bytes.subarray(start, end);
    start = end;
  }
  const rows: Value[][] = [];
  for (let at = 0; at < whole.length; at += columns) rows.push(whole.slice(at, at + columns));
  return rows;
}

function joined(blobs: readonly Uint8Array[], byteLength: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(byteLength);
  let at = 0;
  for (const blob of blobs) {
    bytes.set(blob, at);
    at += blob.byteLength;
  }
  return bytes;
}
