import { afterAll, beforeAll, describe } from 'vitest';
import { groupContract } from './event-log-group.contract.ts';
import { lifeContract } from './event-log-life.contract.ts';
import { recordContract } from './event-log-record.contract.ts';
import { slotContract } from './event-log-slot.contract.ts';
import {
  LogUnderTest,
  type EventLogStorage,
  type EventLogTraits,
} from './log-under-test.contract.ts';

/** What every adapter of the event log does; called inside a `describe` that names the adapter. */
export function eventLogContract(
  createStorage: () => Promise<EventLogStorage>,
  traits: EventLogTraits,
): void {
  let underTest: LogUnderTest;
  // Tests restart the log, so each asks anew.
  const get = (): LogUnderTest => underTest;

  beforeAll(async () => {
    underTest = await LogUnderTest.open(createStorage, traits);
  });
  afterAll(async () => underTest.destroy());

  describe('records', () => {
    recordContract(get, traits);
  });
  describe('slots', () => {
    slotContract(get);
  });
  describe('groups', () => {
    groupContract(get);
  });
  describe('start and end', () => {
    lifeContract(get);
  });
}
