import { logger } from '../../../services/platform/telemetry/logger.ts';
import { Bench, type Figure } from './bench.ts';
import { measurements } from './measurements.ts';
import { answerParent } from './peer.ts';

// One measurement in a process of its own: what ran before it has neither trained nor filled it.

logger.level = 'error';

const answers = {
  measure: async ({ name, isQuick }: Order): Promise<readonly Figure[]> => {
    const bench = new Bench(isQuick);
    const measurement = await measurements[name]?.();
    await measurement?.run(bench);
    return bench.figures;
  },
};

interface Order {
  /** A name of `measurements`. */
  readonly name: string;
  readonly isQuick: boolean;
}

/** What this process answers. */
export type Measurer = typeof answers;

answerParent(answers);
