import { z } from 'zod';
import { checkMessage } from './check-message.ts';

/** In which header an HTTP caller says how long it waits. */
export const timeoutHeader = 'x-request-timeout-ms';

const words = 'expected whole milliseconds from 1 to 600000';

/** A caller's patience, in ms. */
export const timeoutMs = z.int(words).min(1, words).max(600_000, words);

const headers = z.object({ [timeoutHeader]: z.coerce.number(words).pipe(timeoutMs).optional() });

/**
 * The budget in the header; undefined where there is none.
 * @throws ChorusError `invalid_argument` naming the header.
 */
export function budgetMs(header: unknown): number | undefined {
  return checkMessage(headers, { [timeoutHeader]: header })[timeoutHeader];
}
