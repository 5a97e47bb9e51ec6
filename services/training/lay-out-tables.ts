import { covarianceOf, gramOf, meanOf } from './covariance.ts';
import { type RecommenderTables } from './trained-recommender.ts';
import { type Transitions } from './transitions.ts';

/** The fitted parts of a head. */
export interface HeadParts {
  /** V of each base block, items × width. */
  readonly base: readonly Block[];
  /** R, items × expertWidth. */
  readonly experts: Float64Array;
  readonly expertWidth: number;
  readonly bias: Float32Array;
  readonly transitions: Transitions;
}

interface Block {
  readonly rows: Float64Array;
  readonly width: number;
}

/** Puts the blocks side by side, with what serving derives its scales and fold-in from. */
export function layOutTables(parts: HeadParts): RecommenderTables {
  // Rounded first: mean, covariance and Gram matrix belong to the numbers that will be served.
  const base = parts.base.map(rounded);
  const blocks = [...base, rounded({ rows: parts.experts, width: parts.expertWidth })];
  return {
    head: sideBySide(blocks),
    centre: joined(blocks.map(({ rows, width }) => meanOf(rows, width))),
    covariance: joined(blocks.map(({ rows, width }) => covarianceOf(rows, width))),
    gram: joined(base.map(({ rows, width }) => gramOf(rows, width))),
    bias: parts.bias,
    transitions: parts.transitions,
  };
}

function rounded({ rows, width }: Block): Block {
  return { rows: rows.map(Math.fround), width };
}

function sideBySide(blocks: readonly Block[]): Float32Array {
  const total = blocks.reduce((sum, { width }) => sum + width, 0);
  const items = blocks[0] === undefined ? 0 : blocks[0].rows.length / blocks[0].width;
  const head = new Float32Array(items * total);
  let start = 0;
  for (const { rows, width } of blocks) {
    for (let item = 0; item < items; item += 1) {
      head.set(rows.subarray(item * width, (item + 1) * width), item * total + start);
    }
    start += width;
  }
  return head;
}

function joined(pieces: readonly Float64Array[]): Float32Array {
  const all = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const piece of pieces) {
    all.set(piece, start);
    start += piece.length;
  }
  return all;
}
