import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Peer } from '../ports/peer.ts';
import type { FoldInCosts, FoldInMeasurer } from './fold-in-process.ts';
import type { GoalResult } from './goals.ts';
import type { Part } from './part.ts';

/** What a change of a user's history costs, up to the next answer. */
export const foldIn: Part = {
  title: 'Fold-in after a change of version, embedded, without a transport, all threads',
  whyMissing: () => undefined,
  run: async ({ world, repeats, say }) => {
    const folder = await mkdtemp(join(tmpdir(), 'chorus-fold-in-'));
    const measurer = new Peer<FoldInMeasurer>(new URL('fold-in-process.ts', import.meta.url));
    try {
      const { modelsDir, interactions } = world;
      say('fold-in');
      const settings = { dataDir: join(folder, 'data'), modelsDir };
      const costs = await measurer.ask('measure', { ...settings, interactions, repeats });
      const line = (what: string, cost: (of: FoldInCosts) => number): GoalResult => {
        return { what, unit: 'µs', samples: costs.map(cost) };
      };
      return {
        cases: [],
        goals: [
          line(
            'the change: a user’s history read and written, with a new version, 32 in flight',
            (of) => of.changeUs,
          ),
          line(
            'an answer of the whole catalogue that no cache had, 64 in flight',
            (of) => of.keptUs,
          ),
          line('the same, the first one after a change', (of) => of.changedUs),
          line('what the change adds to it', (of) => of.changedUs - of.keptUs),
          line('the fold-in alone, base vectors of a history, 64 in flight', (of) => of.foldInUs),
        ],
      };
    } finally {
      await measurer.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};
