import { StandardSchemaValidationPipe } from '@nestjs/common';
import { ChorusError } from '../../services/domain/errors.ts';

type Issue = Parameters<
  NonNullable<
    NonNullable<ConstructorParameters<typeof StandardSchemaValidationPipe>[0]>['exceptionFactory']
  >
>[0][number];

/** Checks `@Body({ schema })`, `@Query({ schema })` and the like; the error names the field at fault. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({ exceptionFactory: refusal });
}

function refusal(issues: readonly Issue[]): ChorusError {
  const [first] = issues;
  const field = first === undefined ? '' : fieldOf(first);
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const message = `${field === '' ? 'the body' : field}: ${first?.message ?? 'not valid'}${more}`;
  return new ChorusError('invalid_argument', message, field === '' ? {} : { field });
}

function fieldOf(issue: Issue): string {
  const path = (issue.path ?? []).map((segment) =>
    String(typeof segment === 'object' ? segment.key : segment),
  );
  // zod reports a field that it does not know at the object which holds it.
  const unknown = 'keys' in issue && Array.isArray(issue.keys) ? issue.keys.slice(0, 1) : [];
  return [...path, ...unknown].join('.');
}
