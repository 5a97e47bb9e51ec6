import { z } from 'zod';

/**
 * No control characters, which would let one id pass for another in a key or a log, and no half
 * of a surrogate pair, which has no UTF-8 and so no place in the records.
 */
const plain = /^[^\p{Cc}\p{Cs}]*$/u;
const plainWords = 'expected text without control characters';
const idWords = 'expected an id of 1 to 128 characters';

/** An id that a caller chose. */
export const id = z.string(idWords).min(1, idWords).max(128, idWords).regex(plain, plainWords);

/** Text that people read, or the empty one. */
export function text(maxLength: number): z.ZodString {
  return z
    .string(`expected text of at most ${maxLength} characters`)
    .max(maxLength, `expected at most ${maxLength} characters`)
    .regex(plain, plainWords);
}

/** Whole milliseconds since the epoch. */
export const timeMs = z.int('expected whole milliseconds since the epoch').min(0);
