import { describe, expect, it } from 'vitest';
import { currentFields, readReleased } from './release.ts';
import { breakingChanges } from './released-fields.ts';

describe('the released contract', () => {
  it('never changes', async () => {
    expect(breakingChanges(await readReleased(), currentFields())).toEqual([]);
  });

  it('is complete: additions are released with `npm run proto:release`', async () => {
    expect(await readReleased()).toEqual(currentFields());
  });

  const released = { 'chorus.v1.Ping': { '1': 't0_us: int64', '2': 'note: string' } };

  it.each([
    ['renamed', { '1': 'sent_us: int64', '2': 'note: string' }],
    ['of another type', { '1': 't0_us: uint64', '2': 'note: string' }],
    ['repeated', { '1': 't0_us: repeated int64', '2': 'note: string' }],
    ['renumbered', { '3': 't0_us: int64', '2': 'note: string' }],
    ['removed', { '2': 'note: string' }],
  ])('is broken by a field that is %s', (_change, fields) => {
    const changes = breakingChanges(released, { 'chorus.v1.Ping': fields });
    expect(changes).toHaveLength(1);
    expect(changes[0]).toContain('chorus.v1.Ping 1: released as "t0_us: int64"');
  });

  it('is broken by a message that is gone, and not by additions', () => {
    expect(breakingChanges(released, {})).toHaveLength(2);
    const more = { 'chorus.v1.Ping': { ...released['chorus.v1.Ping'], '3': 'more: bool' } };
    expect(breakingChanges(released, { ...more, 'chorus.v1.New': { '1': 'a: bool' } })).toEqual([]);
  });
});
