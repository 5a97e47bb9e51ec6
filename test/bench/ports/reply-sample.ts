import type { Reply } from '../../../services/domain/reply.ts';
import { floatTensor } from '../../../services/domain/tensor.ts';

/** Who replies. */
export const workerId = 'n2KcU0r1q3mSPcmPqk2X7w';

const floats = Float32Array.from({ length: 113 }, (_, index) => Math.sin(index));

/** A reply of 560 bytes on the wire: 113 floats, and ids of the length that they have. */
export const sampleReply: Reply = {
  requestId: 'r000000000000000000000',
  attempt: 0,
  expert: '1',
  delivery: 1,
  mixture: 'recommender',
  bundle: '2026-11-21.100',
  workerId,
  tensors: [floatTensor('z', [1, floats.length], floats)],
  textDelta: '',
  last: true,
  timings: { queueUs: 120, runUs: 300, batchRows: 8 },
};
