import { taskTopic, type Topic } from '../../../services/domain/topics.ts';
import type { OutgoingRecord } from '../../../services/platform/event-log/event-log.ts';
import { machineUs } from './machine-clock.ts';

/** Bytes of a task's value, as one with a history of some sixty films has. */
export const taskBytes = 560;
/** The slot that the reader owns. */
export const slot = 3;

/** The topics of so many experts, under a name of their own. */
export function expertTopics(count: number, mixture: string): readonly Topic[] {
  return Array.from({ length: count }, (_, index) => taskTopic(mixture, `${index + 1}`));
}

/** A task's record that says when it was made. */
export function taskRecord(topic: Topic, key: string): OutgoingRecord {
  const value = Buffer.allocUnsafe(taskBytes);
  value.writeDoubleLE(machineUs());
  return { topic, partition: slot, key, value, headers: { worker: 'n2KcU0r1q3mSPcmPqk2X7w' } };
}

/** When the record was made, in µs of the machine's clock. */
export function sentAtUs(value: Uint8Array): number {
  return new DataView(value.buffer, value.byteOffset).getFloat64(0, true);
}
