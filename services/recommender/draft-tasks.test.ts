import { expect, test } from 'vitest';
import { floatTensor } from '../domain/tensor.ts';
import { tasksWith } from './draft-tasks.ts';
import { tinyBundle } from './tiny-bundle.contract.ts';

test('each task says whose it is, for which queue and of which trace', () => {
  const origin = {
    callId: 'c',
    tenant: 'shop',
    deadlineUs: 7,
    lane: 'bulk',
    attempt: 3,
    traceParent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  } as const;
  const { callId, ...carried } = origin;
  const tensors = [floatTensor('weights', [1, 1], Float32Array.of(1))];
  const choices = [
    { expert: '1', weight: 0.6 },
    { expert: '2', weight: 0.4 },
  ];
  const tasks = tasksWith(
    tinyBundle(3, () => 0.5),
    tensors,
    choices,
    origin,
  );
  expect(tasks.map(({ expert }) => expert)).toEqual(['1', '2']);
  for (const task of tasks) expect(task).toMatchObject({ ...carried, requestId: callId, tensors });
});
