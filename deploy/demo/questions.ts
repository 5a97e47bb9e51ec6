import type { Interactions } from '../../services/training/data/interactions.ts';
import type { Question } from './ask.ts';

/** A question and for whom it is, in words. */
export interface DemoQuestion {
  readonly who: string;
  readonly question: Question;
}

const shown = 5;

/** Two people of the data set, one with a short past and one with a long one, and a stranger in the middle of a session. */
export function pickQuestions(interactions: Interactions): readonly DemoQuestion[] {
  const { users, offsets, items } = interactions;
  const byLength = users
    .map((user, row) => ({ user, length: (offsets[row + 1] ?? 0) - (offsets[row] ?? 0) }))
    .toSorted((a, b) => a.length - b.length);
  const known = [0.25, 0.9].map((quantile): DemoQuestion => {
    const { user = '', length = 0 } = byLength[Math.floor(quantile * byLength.length)] ?? {};
    const who = `User ${user}, who met ${length} items`;
    return { who, question: { user_id: user, top_n: shown } };
  });
  const [favourite] = mostMet(interactions);
  const { id = '', title = '' } = items[favourite ?? 0] ?? {};
  const stranger = { user_id: 'nobody-knows-me', session: [{ item_id: id }], top_n: shown };
  return [...known, { who: `A stranger who just looked at ${title}`, question: stranger }];
}

function mostMet({ items, itemRows }: Interactions): readonly number[] {
  const counts = new Int32Array(items.length);
  for (const row of itemRows) counts[row] = (counts[row] ?? 0) + 1;
  return [...counts.keys()].toSorted((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0));
}
