import { expect, test } from 'vitest';
import type { BundleContents, Manifest } from '../../services/domain/bundle.ts';
import { ChorusError } from '../../services/domain/errors.ts';
import type { Reply } from '../../services/domain/reply.ts';
import type { Task } from '../../services/domain/task.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import type { LoadedModel } from '../../services/platform/model-runner/model-runner.ts';
import type { WorkerLine } from '../../services/platform/reply-line/reply-line.ts';
import { ExpertModels } from './expert-models.ts';
import { TaskRuns } from './task-runs.ts';

/** Loads every model but that of expert 2, and counts those that were released. */
class PickyRunner {
  released = 0;

  async load(name: string): Promise<LoadedModel> {
    if (name.endsWith('/2')) throw new ChorusError('bundle_rejected', 'a constant lies elsewhere');
    return {
      run: async () => ({ outputs: [], runUs: 0 }),
      release: async () => void (this.released += 1),
    };
  }
}

test('of a bundle that is refused nothing is kept, and its tasks get the reason', async () => {
  const runner = new PickyRunner();
  const models = new ExpertModels(runner, () => true);
  await expect(models.load(bundle('bad', ['1', '2']))).rejects.toMatchObject({
    code: 'bundle_rejected',
  });
  expect(models.ready).toEqual([]);
  expect(runner.released).toBe(1);
  expect(failuresOf(models, task('bad', '1'))).toMatchObject([
    { code: 'bundle_rejected', message: 'a constant lies elsewhere' },
  ]);
  expect(failuresOf(models, task('never-seen', '1'))).toMatchObject([{ code: 'unknown_bundle' }]);
});

test('a bundle that was refused once may be good the next time', async () => {
  const models = new ExpertModels(new PickyRunner(), () => true);
  await models.load(bundle('one', ['1', '2'])).catch(() => undefined);
  await models.load(bundle('one', ['1']));
  expect(models.ready).toEqual([{ mixture: 'm', bundle: 'one' }]);
  expect(models.whyMissing('m', 'one', '7').code).toBe('unknown_bundle');
});

/** What a worker with these models replies to a task that it cannot run. */
function failuresOf(models: ExpertModels, wanted: Task): readonly Reply['error'][] {
  const replies: Reply[] = [];
  const line: WorkerLine = {
    open: async () => undefined,
    announce: () => undefined,
    send: (_aggregatorId, reply) => replies.push(reply) > 0,
    ready: async () => undefined,
    isConnected: () => true,
    clockOffsetUs: () => 0,
    close: async () => undefined,
  };
  new TaskRuns({ models, line, clock: new RealClock(), maxBatchRows: 32 }).accept([wanted]);
  return replies.map(({ error }) => error);
}

function bundle(version: string, experts: readonly string[]): BundleContents {
  const manifest: Manifest = {
    format: 1,
    mixture: 'm',
    version,
    createdMs: 0,
    opset: 18,
    files: [],
    experts: experts.map((name) => ({ name, file: `${name}.onnx`, inputs: [], outputs: [] })),
    golden: [],
    lineage: {},
    metrics: {},
    mixtureParameters: {},
  };
  return { manifest, file: () => new Uint8Array(0) };
}

function task(version: string, expert: string): Task {
  return {
    requestId: 'r',
    attempt: 0,
    expert,
    tenant: 'public',
    delivery: 1,
    mixture: 'm',
    bundle: version,
    lane: 'interactive',
    aggregatorId: 'a',
    workerId: 'w',
    budgetMs: 500,
    sentAtUs: 0,
    traceParent: '',
    tensors: [],
  };
}
