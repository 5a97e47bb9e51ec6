import { array, assert, asyncProperty, constant, integer, oneof, record } from 'fast-check';
import { expect, test } from 'vitest';
import type { WorkerLine } from '../reply-line.ts';
import { type Rig, turns } from './rig.ts';
import { becomes, replyOf } from './sample.ts';

const step = oneof(
  { weight: 6, arbitrary: record({ kind: constant('send'), count: integer({ min: 1, max: 40 }) }) },
  { weight: 3, arbitrary: record({ kind: constant('turn'), count: integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: record({ kind: constant('cancel'), count: constant(1) }) },
  { weight: 1, arbitrary: record({ kind: constant('break'), count: constant(1) }) },
);

interface Step {
  readonly kind: string;
  readonly count: number;
}

/** Whatever happens in between, each reply arrives at most once and in order. */
export function interleavingRules(rig: () => Rig): void {
  test('each reply arrives at most once and in order, all of them when nothing broke', async () => {
    await rig().connected();
    let runs = 0;
    const anything = array(step, { minLength: 1, maxLength: 30 });
    await assert(
      asyncProperty(anything, async (steps) => {
        runs += 1;
        const workerId = `p${runs}`;
        const { heard } = rig();
        const [worker] = await rig().startWorker(workerId);
        await becomes(() => heard.presences.at(-1)?.workerId, workerId);
        heard.replies.length = 0;
        const sent = await play(rig(), worker, workerId, steps);
        await worker.close();
        await becomes(() => heard.events.at(-1), `gone ${workerId}`);
        const received = new Set(heard.ids);
        const hasBroken = steps.some(({ kind }) => kind === 'break');
        expect(heard.ids).toEqual(hasBroken ? sent.filter((id) => received.has(id)) : sent);
      }),
      { numRuns: 25 },
    );
  });
}

/** Does the steps; returns the request ids of all that was sent, in order. */
async function play(
  rig: Rig,
  worker: WorkerLine,
  workerId: string,
  steps: readonly Step[],
): Promise<string[]> {
  const { aggregator, harness } = rig;
  const sent: string[] = [];
  for (const { kind, count } of steps) {
    // oxlint-disable-next-line no-await-in-loop -- the interleaving is the point
    if (kind === 'turn') await turns(count);
    if (kind === 'break') harness.sever(workerId);
    if (kind === 'cancel') {
      aggregator.cancel(workerId, [{ requestId: 'x', attempt: 0, expert: '1' }]);
    }
    if (kind === 'send') {
      for (let left = count; left > 0; left -= 1) {
        const id = `r${sent.length}`;
        sent.push(id);
        worker.send(aggregator.aggregatorId, replyOf(id, { workerId }));
      }
    }
  }
  return sent;
}
