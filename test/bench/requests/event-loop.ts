import { startEmbedded } from './chorus-subject.ts';
import { workOut } from './goals.ts';
import { recommendCases } from './load-case.ts';
import { measureWanted, type Part } from './part.ts';

const perSecond = 2000;
/** So many times a window: one delay of a thousand must be among those seen. */
const windows = 3;
const atMostMs = 3;

/** How late the serving thread's timers are under load, against those of the same process at rest. */
export const eventLoop: Part = {
  title: 'Event-loop delay of the serving thread, embedded, 2,000 requests/s',
  whyMissing: () => undefined,
  run: async (run) => {
    const chorus = await startEmbedded(run.world);
    try {
      const [hit, ...others] = recommendCases(chorus, { perSecond, windows });
      const idle = hit && { ...hit, name: 'idle', title: 'idle', perSecond: 0 };
      const cases = [idle, hit, ...others].filter((each) => each !== undefined);
      const results = await measureWanted(run, cases);
      return { cases: results, goals: workOut(results, goals) };
    } finally {
      await chorus.stop();
    }
  },
};

const delay = { unit: 'ms', figure: 'delayP999Ms', minus: 'idle', atMost: atMostMs } as const;
const goals = [
  { ...delay, what: 'P99.9 over an idle process, 100 % cache hits', of: 'hit' },
  { ...delay, what: 'P99.9 over an idle process, 85 % cache hits', of: '85' },
  { ...delay, what: 'P99.9 over an idle process, 0 % cache hits', of: 'miss' },
];
