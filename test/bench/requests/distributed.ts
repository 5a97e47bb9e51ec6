import { Cluster } from '../../../deploy/demo/cluster.ts';
import { type Shape, startDistributed } from './chorus-subject.ts';
import { startEmpty } from './empty-subject.ts';
import { workOut } from './goals.ts';
import { emptyCases, type LoadCase, recommendCases, someCandidates } from './load-case.ts';
import { measureWanted, type Part } from './part.ts';
import { stopAll } from './stop-all.ts';
import type { Subject } from './subject.ts';

/** The rate at which the cost of a distributed miss is judged. */
const judgedPerSecond = 1500;
const warmUpPerSecond = 500;

/** What a request costs over processes, broker and stores included. */
export function distributed(title: string, aggregatesInGateway: boolean): Part {
  return {
    title,
    whyMissing: () => Cluster.whyMissing(),
    run: async (run) => {
      const shape: Shape = { aggregatesInGateway, workers: run.workers };
      const [empty, emptyWithItems] = [await startEmpty(0), await startEmpty(10)];
      const cluster = await startDistributed(run.world, shape);
      try {
        const cases = [
          ...emptyCases(empty, emptyWithItems),
          ...recommendCases(cluster),
          ...[500, judgedPerSecond].map((perSecond) => missesAt(cluster, perSecond)),
        ];
        // A fresh JVM spends four times as much on a record.
        await run.measurer.warmUp(missesAt(cluster, warmUpPerSecond));
        const results = await measureWanted(run, cases);
        return { cases: results, goals: workOut(results, goals) };
      } finally {
        await stopAll([cluster, empty, emptyWithItems]);
      }
    },
  };
}

function missesAt(subject: Subject, perSecond: number): LoadCase {
  return {
    name: `miss-${perSecond}`,
    title: `0 % cache hits, ${perSecond.toLocaleString('en')}/s`,
    subject,
    surface: 'grpc',
    candidates: someCandidates,
    freshOf100: 100,
    checked: true,
    perSecond,
  };
}

const judged = `miss-${judgedPerSecond}`;
const goals = [
  {
    what: 'a miss at 1,500/s, all processes',
    unit: 'µs',
    figure: 'allUs',
    of: judged,
    atMost: 1000,
  },
  { what: 'the same, for each record', unit: 'µs', figure: 'recordUs', of: judged },
  { what: 'experts of a request', unit: '', figure: 'experts', of: judged, atMost: 2.8 },
] as const;
