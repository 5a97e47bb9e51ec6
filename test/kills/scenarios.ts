import type { KillCluster } from './kill-cluster.ts';

/** Something that happens to a cluster at work, and its end. */
export interface Scenario {
  readonly title: string;
  /** How long it lasts, in ms. */
  readonly downMs: number;
  hurt(cluster: KillCluster): Promise<void>;
  /** Resolves when what was hurt says that it serves again. */
  heal(cluster: KillCluster): Promise<void>;
}

/** Every scenario by the name that `--scenario` knows. */
export const scenarios = {
  worker: {
    title: 'one of two workers killed (SIGKILL), started again after 2 s',
    downMs: 2_000,
    hurt: ({ workers }) => workers[1].process.kill(),
    heal: ({ workers }) => workers[1].process.restart(),
  },
  aggregator: {
    title: 'the aggregator killed (SIGKILL), started again after 2 s',
    downMs: 2_000,
    hurt: ({ aggregator }) => aggregator.process.kill(),
    heal: ({ aggregator }) => aggregator.process.restart(),
  },
  stop: {
    title: 'one of two workers stopped (SIGSTOP) for 10 s',
    downMs: 10_000,
    hurt: async ({ workers }) => workers[1].process.pause(),
    heal: async ({ workers }) => workers[1].process.resume(),
  },
  'all-workers': {
    title: 'both workers killed (SIGKILL), one started again after 2 s',
    downMs: 2_000,
    hurt: async ({ workers }) => {
      await Promise.all(workers.map((worker) => worker.process.kill()));
    },
    heal: ({ workers }) => workers[0].process.restart(),
  },
} as const satisfies Record<string, Scenario>;

/** A scenario's name. */
export type ScenarioName = keyof typeof scenarios;
