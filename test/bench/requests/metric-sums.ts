import type { Subject } from './subject.ts';

/** Counters that a window of load is checked and explained by, summed over all processes. */
export interface MetricSums {
  /** Records that went into the event log: tasks, and an exposure for each answer. */
  readonly recordsPublished: number;
  /** Answers that were found in a cache. */
  readonly answersFound: number;
  /** Answers that no cache had. */
  readonly answersMissed: number;
}

/** Reads the metrics of every process of the subject that has some. */
export async function metricSums({ members }: Subject): Promise<MetricSums> {
  const pages = await Promise.all(
    members.map(async ({ operations }) => {
      if (operations === undefined) return '';
      return await (await fetch(`${operations}/metrics`)).text();
    }),
  );
  const page = pages.join('\n');
  return {
    recordsPublished: sum(page, 'moe_log_records_total', ['operation="publish"']),
    answersFound: sum(page, 'moe_cache_lookups_total', ['space="answer"', 'result="hit"']),
    answersMissed: missed(page),
  };
}

/** What the near tier lacks is looked up in the shared one, where there is one. */
function missed(page: string): number {
  const misses = (tier: string): number =>
    sum(page, 'moe_cache_lookups_total', ['space="answer"', 'result="miss"', `tier="${tier}"`]);
  return page.includes('tier="shared"') ? misses('shared') : misses('near');
}

function sum(page: string, name: string, labels: readonly string[]): number {
  let total = 0;
  for (const line of page.split('\n')) {
    if (!line.startsWith(`${name}{`) || !labels.every((label) => line.includes(label))) continue;
    total += Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return total;
}
