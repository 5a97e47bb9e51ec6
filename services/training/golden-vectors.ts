import { type GoldenVector } from '../domain/bundle.ts';
import { type TrainedExpert, type TrainedRecommender } from './trained-recommender.ts';

/** Two histories, the second padded as a worker pads it; weights that float32 holds exactly. */
const histories = [
  { places: [0, 0.25, 0.5], weights: [1, 0.5, 0.25] },
  { places: [0.75, 1], weights: [0.75, 1] },
] as const;

/**
 * What each expert must answer to two small histories, added up here in plain arithmetic from
 * its table: a graph that was written or loaded wrongly cannot also have made its own answers.
 */
export function goldenVectors(model: TrainedRecommender): readonly GoldenVector[] {
  const longest = Math.max(...histories.map(({ places }) => places.length));
  const last = model.items.length - 1;
  const items = histories.map(({ places }) => places.map((place) => Math.floor(place * last)));
  const pad = (values: readonly number[]) => [...values, ...Array(longest - values.length).fill(0)];
  const shape = [histories.length, longest];
  const inputs = [
    { name: 'items', dtype: 'int32', shape, values: items.flatMap(pad) },
    {
      name: 'weights',
      dtype: 'float32',
      shape,
      values: histories.flatMap(({ weights }) => pad(weights)),
    },
  ] as const;
  const { width } = model.parameters.expertBlock;
  return model.experts.map((expert) => ({
    expert: expert.name,
    inputs,
    outputs: [
      {
        name: 'z',
        dtype: 'float32',
        shape: [histories.length, width],
        values: histories.flatMap(({ weights }, at) =>
          bag(expert, items[at] ?? [], weights, width),
        ),
      },
    ],
  }));
}

function bag(
  { table }: TrainedExpert,
  items: readonly number[],
  weights: readonly number[],
  width: number,
): readonly number[] {
  return Array.from({ length: width }, (_, k) =>
    Math.fround(
      items.reduce((sum, item, at) => sum + (weights[at] ?? 0) * (table[item * width + k] ?? 0), 0),
    ),
  );
}
