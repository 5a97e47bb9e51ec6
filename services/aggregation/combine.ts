import type { Reply, TaskFailure } from '../domain/reply.ts';
import type { Choice } from '../domain/routing.ts';
import { floatsOf } from '../domain/tensor.ts';

/** The experts' outputs as one vector, and each expert's final share of it. */
export interface Combined {
  /** Σ_e g_e z_e over the experts that answered; zeros when none did. */
  readonly vector: Float32Array;
  /** Of each expert that answered: its weight and its part of `vector`. */
  readonly parts: ReadonlyMap<string, CombinedPart>;
  /** Experts whose output cannot be used: missing, of another length or not finite. */
  readonly unusable: ReadonlyMap<string, TaskFailure>;
}

const nothing = new Float32Array(0);

/** What one expert contributed. */
export interface CombinedPart {
  /** g_e, renormalised over the experts that answered. */
  readonly weight: number;
  /** g_e z_e. */
  readonly vector: Float32Array;
}

/**
 * Adds up the output `name` of the experts that answered, each by its weight renormalised over
 * them, so that a partial answer has the scale of a full one. Replies are added in the order of
 * the route, whatever order they arrived in: the same replies give the same bits.
 *
 * @param width length that each expert's output must have.
 */
export function combine(
  choices: readonly Choice[],
  replies: readonly Reply[],
  name: string,
  width: number,
): Combined {
  const outputs = new Map<string, Float32Array>();
  const unusable = new Map<string, TaskFailure>();
  for (const reply of replies) {
    const values = outputOf(reply, name);
    const problem = problemWith(values, name, width);
    if (values === undefined || problem !== undefined) {
      unusable.set(reply.expert, { code: 'model_failed', message: problem ?? '' });
    } else {
      outputs.set(reply.expert, values);
    }
  }
  return { ...addUp(choices, outputs, width), unusable };
}

function addUp(
  choices: readonly Choice[],
  outputs: ReadonlyMap<string, Float32Array>,
  width: number,
): Pick<Combined, 'vector' | 'parts'> {
  const answered = choices.filter(({ expert }) => outputs.has(expert));
  const total = answered.reduce((sum, { weight }) => sum + weight, 0);
  const vector = new Float32Array(width);
  const parts = new Map<string, CombinedPart>();
  for (const choice of answered) {
    const weight = total > 0 ? choice.weight / total : 1 / answered.length;
    const output = outputs.get(choice.expert) ?? nothing;
    const part = new Float32Array(width);
    for (let column = 0; column < width; column += 1) {
      const share = Math.fround(weight * (output[column] ?? 0));
      part[column] = share;
      vector[column] = (vector[column] ?? 0) + share;
    }
    parts.set(choice.expert, { weight, vector: part });
  }
  return { vector, parts };
}

function outputOf(reply: Reply, name: string): Float32Array | undefined {
  const tensor = reply.tensors.find((candidate) => candidate.name === name);
  return tensor === undefined ? undefined : floatsOf(tensor);
}

function problemWith(
  values: Float32Array | undefined,
  name: string,
  width: number,
): string | undefined {
  if (values === undefined) return `no output named ${name}`;
  if (values.length !== width) return `${values.length} values of ${name}, expected ${width}`;
  return isFinite(values) ? undefined : `${name} is not finite`;
}

// Loops: `every` and `map` of a typed array call a function for each element, which is all the time here.
function isFinite(values: Float32Array): boolean {
  for (let index = 0; index < values.length; index += 1) {
    if (!Number.isFinite(values[index])) return false;
  }
  return true;
}
