import { ChorusError } from '../../domain/errors.ts';
import { packedVarints, protobufFields } from './protobuf-fields.ts';

/** What a model file may hold. */
export interface OnnxLimits {
  /** Lowest and highest opset of the standard operators; 11 to 21 unless told. */
  readonly minOpset: number;
  readonly maxOpset: number;
  /** Operator domains besides the standard one (`com.microsoft`); none unless told. */
  readonly domains: readonly string[];
  /** Operators of `guardedOperators` that may occur after all; none unless told. */
  readonly operators: readonly string[];
  /** Elements of the largest constant; 2^28 (1 GiB of floats) unless told. */
  readonly maxElements: number;
  /** Nodes in all graphs together; 100,000 unless told. */
  readonly maxNodes: number;
}

export const defaultOnnxLimits: OnnxLimits = {
  minOpset: 11,
  maxOpset: 21,
  domains: [],
  operators: [],
  maxElements: 2 ** 28,
  maxNodes: 100_000,
};

/**
 * Refused unless allowed by name. Loops and branches: their run time is not bounded by the size of
 * the input. Random ones: a task is computed again after a worker is lost, and must give the same.
 */
const guardedOperators: ReadonlySet<string> = new Set([
  'Loop',
  'Scan',
  'If',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Multinomial',
  'Bernoulli',
]);

const maxDepth = 32;

/**
 * Walks a model's protobuf before any engine sees it. onnxruntime follows external constants to
 * other files, which would hand out whatever the process can read; hashes do not help against a
 * model that was signed without being read.
 * @throws ChorusError `bundle_rejected` that says what was found.
 */
export function checkOnnx(bytes: Uint8Array, limits: OnnxLimits = defaultOnnxLimits): void {
  // onnxruntime takes bytes with this mark for its own format, which nobody walked, even where
  // they are a valid protobuf as well.
  if (new TextDecoder('latin1').decode(bytes.subarray(4, 8)) === 'ORTM') {
    throw rejected('it is in the ORT format, not in ONNX');
  }
  const walk = new OnnxWalk(limits);
  walk.model(bytes);
}

// Field numbers are those of onnx.proto3. A field that occurs twice is checked twice, because
// protobuf merges repeated occurrences of a message.
class OnnxWalk {
  readonly #limits: OnnxLimits;
  #nodes = 0;

  constructor(limits: OnnxLimits) {
    this.#limits = limits;
  }

  model(bytes: Uint8Array): void {
    let graphs = 0;
    let opsets = 0;
    for (const { number, value } of protobufFields(bytes)) {
      if (number === 7) {
        this.#graph(messageOf(value), 1);
        graphs += 1;
      } else if (number === 8) {
        if (this.#opset(messageOf(value))) opsets += 1;
      } else if (number === 20) throw rejected('it carries training steps');
      else if (number === 25) throw rejected('it defines functions of its own');
    }
    if (graphs === 0) throw rejected('it has no graph');
    if (opsets === 0) throw rejected('it imports no standard opset');
  }

  /** Checks one imported opset; says whether it is the standard one. */
  #opset(bytes: Uint8Array): boolean {
    const { minOpset, maxOpset } = this.#limits;
    let domain = '';
    let version = 0;
    for (const { number, value } of protobufFields(bytes)) {
      if (number === 1) domain = textOf(value);
      else if (number === 2) version = numberOf(value);
    }
    this.#domain(domain);
    if (!isStandard(domain)) return false;
    if (version >= minOpset && version <= maxOpset) return true;
    throw rejected(`its opset is ${version}, ${minOpset} to ${maxOpset} can be run`);
  }

  #domain(domain: string): void {
    if (isStandard(domain) || this.#limits.domains.includes(domain)) return;
    throw rejected(`it uses operators of ${quoted(domain)}`);
  }

  #graph(bytes: Uint8Array, depth: number): void {
    if (depth > maxDepth) throw rejected(`its graphs are nested deeper than ${maxDepth}`);
    for (const { number, value } of protobufFields(bytes)) {
      if (number === 1) this.#node(messageOf(value), depth);
      else if (number === 5) this.#tensor(messageOf(value));
      else if (number === 15) throw rejected('it has sparse constants');
    }
  }

  #node(bytes: Uint8Array, depth: number): void {
    this.#nodes += 1;
    if (this.#nodes > this.#limits.maxNodes) {
      throw rejected(`it has more than ${this.#limits.maxNodes} nodes`);
    }
    for (const { number, value } of protobufFields(bytes)) {
      if (number === 4) this.#operator(textOf(value));
      else if (number === 5) this.#attribute(messageOf(value), depth);
      else if (number === 7) this.#domain(textOf(value));
    }
  }

  #operator(operator: string): void {
    if (!guardedOperators.has(operator) || this.#limits.operators.includes(operator)) return;
    throw rejected(`it uses the operator ${operator}`);
  }

  #attribute(bytes: Uint8Array, depth: number): void {
    for (const { number, value } of protobufFields(bytes)) {
      if (number === 5 || number === 10) this.#tensor(messageOf(value));
      else if (number === 6 || number === 11) this.#graph(messageOf(value), depth + 1);
      else if (number === 22 || number === 23) throw rejected('it has sparse constants');
    }
  }

  #tensor(bytes: Uint8Array): void {
    let elements = 1;
    for (const { number, value } of protobufFields(bytes)) {
      if (number === 1) for (const length of dimsOf(value)) elements *= length;
      else if (number === 13) throw rejected('a constant lies in another file');
      else if (number === 14 && numberOf(value) !== 0) {
        throw rejected('a constant lies in another file');
      }
    }
    // Written so that a product which is not a number (no end × 0) is refused too.
    if (!(elements <= this.#limits.maxElements)) {
      throw rejected(`a constant has ${elements} elements, at most ${this.#limits.maxElements}`);
    }
    // The densest element type packs two elements in a byte; a constant that claims more than it
    // carries would have the engine reserve memory for nothing.
    if (elements > 2 * bytes.length) {
      throw rejected(`a constant claims ${elements} elements and carries ${bytes.length} bytes`);
    }
  }
}

function isStandard(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx';
}

function dimsOf(value: number | Uint8Array | undefined): Iterable<number> {
  return typeof value === 'number' ? [value] : packedVarints(messageOf(value));
}

// A known field of another wire type is refused rather than skipped: readers disagree about it.
function messageOf(value: number | Uint8Array | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw rejected('a field has the wrong wire type');
}

function numberOf(value: number | Uint8Array | undefined): number {
  if (typeof value === 'number') return value;
  throw rejected('a field has the wrong wire type');
}

function textOf(value: number | Uint8Array | undefined): string {
  return new TextDecoder().decode(messageOf(value));
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}

function rejected(reason: string): ChorusError {
  return new ChorusError('bundle_rejected', `the model is refused: ${reason}`);
}
