import { startEmbedded } from './chorus-subject.ts';
import { startEmpty } from './empty-subject.ts';
import { workOut } from './goals.ts';
import { whyNoH2load } from './h2load.ts';
import { emptyCases, type LoadCase, recommendCases } from './load-case.ts';
import { measureWanted, type Part } from './part.ts';
import { stopAll } from './stop-all.ts';

const cpu = { unit: 'µs', figure: 'servingUs' } as const;

/** What a request costs in one process, over gRPC and HTTP. */
export const embedded: Part = {
  title: 'Embedded: every role in one process, aggregator in it',
  whyMissing: whyNoH2load,
  run: async (run) => {
    const [empty, emptyWithItems] = [await startEmpty(0), await startEmpty(10)];
    const chorus = await startEmbedded(run.world);
    try {
      const http = { surface: 'http', candidates: 0, freshOf100: 0 } as const;
      const cases: readonly LoadCase[] = [
        ...emptyCases(empty, emptyWithItems),
        ...recommendCases(chorus),
        {
          name: 'whole',
          title: '0 % cache hits, whole catalogue',
          subject: chorus,
          surface: 'grpc',
          candidates: 0,
          freshOf100: 100,
          checked: true,
        },
        {
          ...http,
          name: 'http-empty',
          title: 'HTTP: empty handler that answers ten fixed items',
          subject: emptyWithItems,
          checked: false,
        },
        {
          ...http,
          name: 'http-hit',
          title: 'HTTP: `GET /v1/recommend/{user_id}`, 100 % cache hits',
          subject: chorus,
          checked: true,
        },
      ];
      const results = await measureWanted(run, cases);
      return { cases: results, goals: workOut(results, goals) };
    } finally {
      await stopAll([chorus, empty, emptyWithItems]);
    }
  },
};

const goals = [
  {
    ...cpu,
    what: 'serving thread: a cache hit over the empty handler',
    of: 'hit',
    minus: 'empty',
    atMost: 15,
  },
  {
    ...cpu,
    what: 'serving thread: a cache hit over the handler that answers ten fixed items',
    of: 'hit',
    minus: 'empty-items',
  },
  {
    ...cpu,
    what: 'serving thread: a miss with 100 candidates over a hit',
    of: 'miss',
    minus: 'hit',
    atMost: 45,
  },
  {
    ...cpu,
    what: 'serving thread: a miss of the whole catalogue over a hit',
    of: 'whole',
    minus: 'hit',
    atMost: 100,
  },
  { what: 'a miss, all threads', unit: 'µs', figure: 'allUs', of: 'miss', atMost: 120 },
  {
    ...cpu,
    what: 'serving thread, HTTP: a cache hit over the empty handler',
    of: 'http-hit',
    minus: 'http-empty',
  },
] as const;
