import { readFile } from 'node:fs/promises';
import { ChorusError } from '../domain/errors.ts';

/** One line of a file of held-out items; ids as in the data. */
export interface Target {
  readonly user: string;
  /** The item held out. */
  readonly item: string;
  /** Items that the user never met. */
  readonly negatives: readonly string[];
}

const expected = '"user item negatives" by tabs, the negatives by commas';

/**
 * Reads held-out items, one per user, below a header `user item negatives` or without one.
 * @throws ChorusError `invalid_argument` naming the line that is not as expected.
 */
export async function readTargets(path: string): Promise<readonly Target[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ChorusError('invalid_argument', `cannot read ${path}: expected ${expected}`, {
      cause,
    });
  });
  const lines = text.split('\n').map((line) => line.trimEnd());
  const targets: Target[] = [];
  const users = new Set<string>();
  for (const [at, line] of lines.entries()) {
    const isHeader = at === 0 && line.startsWith('user\t');
    if (isHeader || line === '') continue;
    const [user = '', item = '', negatives = ''] = line.split('\t');
    const listed = negatives.split(',').filter((id) => id !== '');
    if (user === '' || item === '' || listed.length === 0 || users.has(user)) {
      const found = users.has(user) ? `user ${user} again` : `"${line.slice(0, 60)}"`;
      const message = `${path} line ${at + 1}: expected ${expected}, a user once; got ${found}`;
      throw new ChorusError('invalid_argument', message);
    }
    users.add(user);
    targets.push({ user, item, negatives: listed });
  }
  if (targets.length > 0) return targets;
  throw new ChorusError('invalid_argument', `${path} names no user: expected ${expected}`);
}
