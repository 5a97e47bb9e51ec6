import type { RecommendReply } from '../../gateway/messages/recommend.ts';

/** An answer as people read it: who asked, the ranked titles, who answered with what weight, and when. */
export function showAnswer(who: string, answer: RecommendReply): string {
  const items = answer.items.map(({ title, score }, index) => {
    return `  ${String(index + 1).padStart(2)}. ${score.toFixed(3).padStart(7)}  ${title}`;
  });
  const experts = answer.experts.map(({ expert, weight, status }) =>
    status === 'answered' ? `expert ${expert} ${weight.toFixed(2)}` : `expert ${expert} ${status}`,
  );
  const { total_us, features_us, route_us, experts_us, rank_us } = answer.timings;
  return [
    `${who} (path: ${answer.path}${answer.degraded ? ', degraded' : ''})`,
    ...items,
    `  answered by ${experts.length === 0 ? 'popularity alone' : experts.join(', ')}`,
    `  ${ms(total_us)} in all: features ${ms(features_us)}, route ${ms(route_us)}, ` +
      `experts ${ms(experts_us)}, rank ${ms(rank_us)}; bundle ${answer.bundle}`,
  ].join('\n');
}

function ms(us: number): string {
  return `${(us / 1000).toFixed(1)} ms`;
}
