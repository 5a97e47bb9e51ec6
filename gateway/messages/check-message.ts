import type { z } from 'zod';
import { ChorusError } from '../../services/domain/errors.ts';

/** What a schema found wrong, as zod and the Standard Schema report it. */
export interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * A message that fits its schema.
 * @throws ChorusError `invalid_argument` naming the first field at fault and what was expected.
 */
export function checkMessage<Schema extends z.ZodType>(
  schema: Schema,
  message: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  throw refusal(parsed.error.issues);
}

/** The error that says what is wrong with a message. */
export function refusal(issues: readonly Issue[]): ChorusError {
  const [first] = issues;
  const field = first === undefined ? '' : fieldOf(first);
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const words = `${field === '' ? 'the body' : field}: ${first?.message ?? 'not valid'}${more}`;
  return new ChorusError('invalid_argument', words, field === '' ? {} : { field });
}

function fieldOf(issue: Issue): string {
  const path = (issue.path ?? []).map((segment) =>
    String(typeof segment === 'object' ? segment.key : segment),
  );
  // zod reports a field that it does not know at the object which holds it.
  const unknown = 'keys' in issue && Array.isArray(issue.keys) ? issue.keys.slice(0, 1) : [];
  return [...path, ...unknown].join('.');
}
