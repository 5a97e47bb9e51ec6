import { z } from 'zod';
import type { BundleContents, ExpertSignature } from '../domain/bundle.ts';
import { ChorusError } from '../domain/errors.ts';
import {
  itemRecord,
  type ItemRecord,
  type RecommenderParameters,
  recommenderParameters,
} from './recommender-parameters.ts';

/** One block of the head: consecutive columns of Q with a covariance of their own. */
export interface HeadBlock {
  /** First column in Q. */
  readonly start: number;
  readonly width: number;
  /** Weight of the block's z-scored scores. */
  readonly weight: number;
  /** width × width. */
  readonly covariance: Float32Array;
}

/** A base block: a head block that fold-in computes from the history. */
export interface BaseBlock extends HeadBlock {
  readonly alpha: number;
  readonly lambda: number;
  readonly halfLifeItems: number | null;
  /** VᵀV, width × width. */
  readonly gram: Float32Array;
}

/** Sparse item-to-item transitions, row by row (CSR). */
export interface Transitions {
  readonly offsets: Int32Array;
  readonly items: Int32Array;
  readonly values: Float32Array;
}

/** A recommender bundle in memory, as the serving path uses it. It holds no user. */
export interface RecommenderBundle {
  readonly version: string;
  /** In the order of the gate's probabilities. */
  readonly experts: readonly string[];
  readonly parameters: RecommenderParameters;
  readonly items: readonly ItemRecord[];
  /** Row of each item id. */
  readonly rows: ReadonlyMap<string, number>;
  /** Columns of Q. */
  readonly width: number;
  /** Q, items × width. */
  readonly head: Float32Array;
  /** Mean of each column of Q. */
  readonly centre: Float32Array;
  /** b. */
  readonly bias: Float32Array;
  readonly baseBlocks: readonly BaseBlock[];
  readonly expertBlock: HeadBlock;
  readonly transitions: Transitions;
}

/** Mixture name of every recommender bundle. */
export const recommenderMixture = 'recommender';

/** Output that every expert of a recommender gives. */
export const expertOutput = 'z';

/** What an expert's model may ask for: the history's rows and aged weights, both [rows, length]. */
const expertInputs: readonly string[] = ['items', 'weights'];

/**
 * Puts a recommender's checked files into memory.
 * @throws ChorusError `bundle_rejected` when parameters or files do not fit each other.
 */
export function openRecommenderBundle(contents: BundleContents): RecommenderBundle {
  const { manifest } = contents;
  const parameters = parse(recommenderParameters, manifest.mixtureParameters, 'mixtureParameters');
  const items = readItems(contents.file('items.json'));
  const width = widthOf(parameters);
  const read = new SizedReader(contents);
  const squares = blockWidths(parameters).reduce((sum, block) => sum + block * block, 0);
  const covariance = read.floats('covariance.f32', squares);
  const gramSize = parameters.baseBlocks.reduce((sum, block) => sum + block.width ** 2, 0);
  const gram = read.floats('gram.f32', gramSize);
  const { baseBlocks, expertBlock } = cutBlocks(parameters, covariance, gram);
  const experts = manifest.experts.map(checkedExpert);
  expectCount('gate.weights', parameters.gate.weights.length, experts.length);
  expectCount('gate.bias', parameters.gate.bias.length, experts.length);
  expectCount('items.json', items.length, parameters.itemCount);
  return {
    version: manifest.version,
    experts,
    parameters,
    items,
    rows: new Map(items.map(({ id }, row) => [id, row])),
    width,
    head: read.floats('head.f32', items.length * width),
    centre: read.floats('centre.f32', width),
    bias: read.floats('bias.f32', items.length),
    baseBlocks,
    expertBlock,
    transitions: readTransitions(read, items.length),
  };
}

/**
 * The ids in a bundle's `items.json`.
 * @throws ChorusError `bundle_rejected` when it lists no items.
 */
export function readItemIds(bytes: Uint8Array): ReadonlySet<string> {
  return new Set(readItems(bytes).map(({ id }) => id));
}

function readItems(bytes: Uint8Array): readonly ItemRecord[] {
  return parse(z.array(itemRecord), json(bytes), 'items.json');
}

function checkedExpert({ name, inputs, outputs }: ExpertSignature): string {
  const unknown = inputs.find((input) => !expertInputs.includes(input.name));
  if (unknown !== undefined) {
    const message = `expert ${name} wants '${unknown.name}', expected ${expertInputs.join(', ')}`;
    throw new ChorusError('bundle_rejected', message);
  }
  if (outputs.some((output) => output.name === expertOutput)) return name;
  throw new ChorusError('bundle_rejected', `expert ${name} has no output '${expertOutput}'`);
}

/** Reads numbers and refuses a file of another length than the parameters ask for. */
class SizedReader {
  readonly #contents: BundleContents;

  constructor(contents: BundleContents) {
    this.#contents = contents;
  }

  floats(path: string, count: number): Float32Array {
    return new Float32Array(this.#copy(path, count));
  }

  ints(path: string, count?: number): Int32Array {
    return new Int32Array(this.#copy(path, count));
  }

  #copy(path: string, count: number | undefined): ArrayBuffer {
    const bytes = this.#contents.file(path);
    if (count !== undefined) expectCount(path, bytes.byteLength / 4, count);
    // A copy, because a file's buffer may begin at an address that is no multiple of 4.
    return Uint8Array.from(bytes).buffer;
  }
}

function readTransitions(read: SizedReader, itemCount: number): Transitions {
  const offsets = read.ints('transitions-offsets.i32', itemCount + 1);
  const count = offsets[itemCount] ?? 0;
  const items = read.ints('transitions-items.i32', count);
  if (items.some((item) => item < 0 || item >= itemCount)) {
    throw new ChorusError('bundle_rejected', 'transitions-items.i32 names an item out of range');
  }
  return { offsets, items, values: read.floats('transitions-values.f32', count) };
}

function cutBlocks(
  parameters: RecommenderParameters,
  covariance: Float32Array,
  gram: Float32Array,
): { baseBlocks: readonly BaseBlock[]; expertBlock: HeadBlock } {
  let start = 0;
  let square = 0;
  const next = ({ width, weight }: { width: number; weight: number }): HeadBlock => {
    const block = {
      start,
      width,
      weight,
      covariance: covariance.subarray(square, square + width ** 2),
    };
    start += width;
    square += width ** 2;
    return block;
  };
  let gramStart = 0;
  const baseBlocks = parameters.baseBlocks.map((base) => {
    const gramEnd = gramStart + base.width ** 2;
    const block = { ...base, ...next(base), gram: gram.subarray(gramStart, gramEnd) };
    gramStart = gramEnd;
    return block;
  });
  return { baseBlocks, expertBlock: next(parameters.expertBlock) };
}

function blockWidths({ baseBlocks, expertBlock }: RecommenderParameters): readonly number[] {
  return [...baseBlocks.map(({ width }) => width), expertBlock.width];
}

function widthOf(parameters: RecommenderParameters): number {
  return blockWidths(parameters).reduce((sum, width) => sum + width, 0);
}

function expectCount(what: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new ChorusError('bundle_rejected', `${what} has ${found} entries, expected ${expected}`);
}

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new ChorusError('bundle_rejected', 'items.json is not JSON', { cause });
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = [what, ...(issue?.path ?? [])].join('.');
  throw new ChorusError('bundle_rejected', `${where}: ${issue?.message}`);
}
