import type { RecommenderBundle } from './recommender-bundle.ts';

/** Columns of the two base blocks and of the experts' one. */
const widths = [3, 2, 4];
const genres = ['Heist', 'Comedy', 'Western'];

/** A recommender with random numbers, as small as can be, for tests: two base blocks, two experts. */
export function tinyBundle(itemCount: number, uniform: () => number): RecommenderBundle {
  const width = widths.reduce((sum, each) => sum + each, 0);
  const draw = (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => 2 * uniform() - 1);
  const head = draw(itemCount * width);
  const items = Array.from({ length: itemCount }, (_, row) => ({
    id: `i${row}`,
    title: `Item ${row}`,
    genres: [genres[row % 2] ?? ''],
  }));
  const transitionOffsets = Int32Array.from({ length: itemCount + 1 }, (_, row) => row * 2);
  const blocks = widths.map((blockWidth, index) => {
    const start = widths.slice(0, index).reduce((sum, each) => sum + each, 0);
    const rows = columns(head, width, start, blockWidth);
    return {
      start,
      width: blockWidth,
      weight: 0.2 + uniform(),
      covariance: productOf(centred(rows), blockWidth).map((value) => value / itemCount),
      gram: productOf(rows, blockWidth),
      alpha: 0.1,
      lambda: 0.01,
      halfLifeItems: index === 0 ? 5 : null,
    };
  });
  const [first, second, experts] = blocks;
  if (!first || !second || !experts) throw new RangeError('three blocks expected');
  return {
    version: 'tiny',
    experts: ['1', '2'],
    parameters: {
      itemCount,
      baseBlocks: [first, second].map(({ width: w, alpha, lambda, weight, halfLifeItems }) => {
        return { width: w, alpha, lambda, weight, halfLifeItems };
      }),
      expertBlock: { width: experts.width, weight: experts.weight, halfLifeItems: 5 },
      gate: {
        block: 0,
        weights: [
          [1, 0, 0],
          [0, 1, 0],
        ],
        bias: [0, 0],
        threshold: 0.8,
        minExperts: 1,
        maxExperts: 2,
      },
      sequence: { weight: 0.4, lastItems: 3, decay: 0.8 },
    },
    items,
    rows: new Map(items.map(({ id }, row) => [id, row])),
    width,
    head,
    centre: meanOf(columns(head, width, 0, width)),
    bias: draw(itemCount),
    baseBlocks: [first, second],
    expertBlock: experts,
    transitions: {
      offsets: transitionOffsets,
      items: Int32Array.from({ length: itemCount * 2 }, (_, at) => (at * 7 + 1) % itemCount),
      values: draw(itemCount * 2).map(Math.abs),
    },
  };
}

type Rows = readonly Float32Array[];

function columns(head: Float32Array, width: number, start: number, count: number): Rows {
  return Array.from({ length: head.length / width }, (_, row) =>
    head.slice(row * width + start, row * width + start + count),
  );
}

function meanOf(rows: Rows): Float32Array {
  const mean = new Float32Array(rows[0]?.length ?? 0);
  return mean.map((_, column) => {
    return rows.reduce((sum, row) => sum + (row[column] ?? 0), 0) / rows.length;
  });
}

function centred(rows: Rows): Rows {
  const mean = meanOf(rows);
  return rows.map((row) => row.map((value, column) => value - (mean[column] ?? 0)));
}

function productOf(rows: Rows, width: number): Float32Array {
  return Float32Array.from({ length: width * width }, (_, cell) => {
    const [left, right] = [Math.floor(cell / width), cell % width];
    return rows.reduce((sum, row) => sum + (row[left] ?? 0) * (row[right] ?? 0), 0);
  });
}
