import { expect, test } from 'vitest';
import { AggregatorAddresses, lookUpBySystem } from './aggregator-addresses.ts';

test('every address of every name, each once, as grpc-js wants them', async () => {
  const names = new Map([
    ['a', ['10.0.0.1', '10.0.0.2']],
    ['b', ['10.0.0.2', 'fd00::1']],
  ]);
  const addresses = new AggregatorAddresses('a:8003, b:8003', (host) =>
    Promise.resolve(names.get(host) ?? []),
  );
  expect(await addresses.resolve()).toEqual(
    new Set(['ipv4:10.0.0.1:8003', 'ipv4:10.0.0.2:8003', 'ipv6:[fd00::1]:8003']),
  );
});

test('a name that fails keeps the addresses that it had; a name that answers loses them', async () => {
  const answers: (readonly string[] | undefined)[] = [['10.0.0.1'], undefined, ['10.0.0.2']];
  const addresses = new AggregatorAddresses('a:1', () => {
    const answer = answers.shift();
    return answer ? Promise.resolve(answer) : Promise.reject(new Error('SERVFAIL'));
  });
  expect(await addresses.resolve()).toEqual(new Set(['ipv4:10.0.0.1:1']));
  expect(await addresses.resolve()).toEqual(new Set(['ipv4:10.0.0.1:1']));
  expect(await addresses.resolve()).toEqual(new Set(['ipv4:10.0.0.2:1']));
});

test('addresses need no name', async () => {
  const addresses = new AggregatorAddresses('127.0.0.1:8003,[::1]:8003', lookUpBySystem);
  expect(await addresses.resolve()).toEqual(new Set(['ipv4:127.0.0.1:8003', 'ipv6:[::1]:8003']));
});

test.each(['', 'a', 'a:', 'a:0', 'a:65536', ':8003', 'a:1,', 'a:1 b:2', '::1:8003', 'http://a:1'])(
  'AGGREGATOR=%j is a bad setting',
  (setting) => {
    expect(() => new AggregatorAddresses(setting)).toThrow(
      expect.objectContaining({ code: 'bad_setting', field: 'AGGREGATOR' }),
    );
  },
);
