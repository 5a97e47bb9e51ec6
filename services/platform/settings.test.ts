import { describe, expect, test } from 'vitest';
import { ChorusError } from '../domain/errors.ts';
import { aggregatesHere, isDistributed, readSettings } from './settings.ts';

const servers = {
  KAFKA_BROKERS: 'k1:9092,k2:9092',
  DATABASE_URL: 'postgres://chorus:secret@db:5432/chorus',
  REDIS_URL: 'redis://:secret@cache:6379',
};

function refused(environment: NodeJS.ProcessEnv, hostname = 'worker-3'): ChorusError {
  try {
    readSettings(environment, () => hostname);
  } catch (error) {
    if (error instanceof ChorusError) return error;
    throw error;
  }
  throw new Error('these settings were accepted');
}

test('an empty environment gives one whole, embedded process', () => {
  expect(readSettings({})).toEqual({
    roles: ['aggregator', 'worker', 'trainer', 'gateway'],
    bind: '127.0.0.1',
    httpPort: 8000,
    grpcPort: 8001,
    operationsPort: 8002,
    internalPort: 8003,
    corsOrigins: [],
    dataDir: '.chorus',
    modelsDir: 'models',
    experts: 'all',
    workerSlot: 0,
    defaultDeadlineMs: 500,
    collectMs: 150,
    kafkaBrokers: [],
    databaseUrl: undefined,
    redisUrl: undefined,
    aggregator: [],
  });
});

describe('a good value', () => {
  test.each([
    ['ROLES', 'gateway, worker', { roles: ['worker', 'gateway'] }],
    ['BIND', '0.0.0.0', { bind: '0.0.0.0' }],
    ['BIND', '::1', { bind: '::1' }],
    ['BIND', 'localhost', { bind: 'localhost' }],
    ['HTTP_PORT', '0', { httpPort: 0 }],
    ['GRPC_PORT', '65535', { grpcPort: 65_535 }],
    ['OPERATIONS_PORT', ' 9000 ', { operationsPort: 9000 }],
    ['INTERNAL_PORT', '9003', { internalPort: 9003 }],
    ['CORS_ORIGINS', '*', { corsOrigins: ['*'] }],
    [
      'CORS_ORIGINS',
      'https://shop.example,http://localhost:3000',
      { corsOrigins: ['https://shop.example', 'http://localhost:3000'] },
    ],
    ['DATA_DIR', '/var/lib/chorus', { dataDir: '/var/lib/chorus' }],
    ['MODELS_DIR', 'bundles', { modelsDir: 'bundles' }],
    ['EXPERTS', 'all', { experts: 'all' }],
    [
      'EXPERTS',
      'recommender.1,text.byt5',
      {
        experts: [
          { mixture: 'recommender', expert: '1' },
          { mixture: 'text', expert: 'byt5' },
        ],
      },
    ],
    ['WORKER_SLOT', '17', { workerSlot: 17 }],
    ['WORKER_SLOT', 'hostname', { workerSlot: 3 }],
    ['DEFAULT_DEADLINE_MS', '1000', { defaultDeadlineMs: 1000 }],
    ['COLLECT_MS', '80', { collectMs: 80 }],
    ['KAFKA_BROKERS', 'k1:9092, 10.0.0.2:9093', { kafkaBrokers: ['k1:9092', '10.0.0.2:9093'] }],
    ['KAFKA_BROKERS', '[::1]:9092', { kafkaBrokers: ['[::1]:9092'] }],
    ['DATABASE_URL', 'postgresql://db/chorus', { databaseUrl: 'postgresql://db/chorus' }],
    ['REDIS_URL', 'rediss://:pw@cache:6380/1', { redisUrl: 'rediss://:pw@cache:6380/1' }],
    ['HTTP_PORT', '', { httpPort: 8000 }],
    ['KAFKA_BROKERS', ' ', { kafkaBrokers: [] }],
  ])('%s=%s', (name, value, expected) => {
    expect(readSettings({ [name]: value }, () => 'worker-3')).toMatchObject(expected);
  });
});

describe('a bad value is refused with its name, itself and what was expected', () => {
  test.each([
    ['ROLES', 'gateway,cook', 'gateway,cook', 'aggregator, worker, trainer, gateway'],
    ['ROLES', 'worker,worker', 'worker,worker', 'each once'],
    ['ROLES', ',', ',', 'roles'],
    ['BIND', 'not a host', 'not a host', 'IP address'],
    ['HTTP_PORT', '80a', '80a', 'port from 0 to 65535'],
    ['HTTP_PORT', '65536', '65536', 'port from 0 to 65535'],
    ['GRPC_PORT', '-1', '-1', 'port from 0 to 65535'],
    ['OPERATIONS_PORT', '1.5', '1.5', 'port from 0 to 65535'],
    ['INTERNAL_PORT', '0x50', '0x50', 'port from 0 to 65535'],
    ['CORS_ORIGINS', 'shop.example', 'shop.example', 'origins'],
    ['CORS_ORIGINS', 'https://shop.example/', 'https://shop.example/', 'origins'],
    ['DATA_DIR', 'a\0b', 'a\0b', 'path'],
    ['MODELS_DIR', 'a\0b', 'a\0b', 'path'],
    ['EXPERTS', 'recommender', 'recommender', 'recommender.1'],
    ['EXPERTS', 'recommender.1,,', 'recommender.1,,', 'recommender.1'],
    ['WORKER_SLOT', 'first', 'first', 'hostname'],
    ['WORKER_SLOT', '-1', '-1', 'whole number'],
    ['DEFAULT_DEADLINE_MS', '0', '0', 'milliseconds'],
    ['DEFAULT_DEADLINE_MS', '1s', '1s', 'milliseconds'],
    ['COLLECT_MS', '600001', '600001', 'milliseconds'],
    ['KAFKA_BROKERS', 'k1', 'k1', 'host:port'],
    ['KAFKA_BROKERS', 'k1:0', 'k1:0', 'host:port'],
    ['KAFKA_BROKERS', 'k1:9092,k1:9092', 'k1:9092', 'each once'],
    ['DATABASE_URL', 'mysql://db:3306/x', 'mysql://db:3306', 'postgres://'],
    ['DATABASE_URL', 'db', 'not shown', 'postgres://'],
    ['REDIS_URL', 'http://cache', 'http://cache', 'redis://'],
    ['AGGREGATOR', 'http://a:8003', 'http://a:8003', 'host:port'],
  ])('%s=%s', (name, value, shown, expected) => {
    const error = refused({ [name]: value });
    expect(error.code).toBe('bad_setting');
    expect(error.field).toBe(name);
    expect(error.message).toContain(name);
    expect(error.message).toContain(shown);
    expect(error.message).toContain(expected);
  });

  test('several at once are all named', () => {
    const { message } = refused({ HTTP_PORT: 'x', COLLECT_MS: 'y' });
    expect(message).toContain('HTTP_PORT is "x"');
    expect(message).toContain('COLLECT_MS is "y"');
  });

  test.each([
    ['DATABASE_URL', 'mysql://chorus:hunter2@db/x'],
    ['DATABASE_URL', 'chorus:hunter2@db:5432/x'],
    ['DATABASE_URL', 'postgres://chorus:5/hunter2@db/x'],
    ['DATABASE_URL', 'mysql://db/x?password=hunter2'],
    ['DATABASE_URL', 'hunter2'],
    ['REDIS_URL', 'http://:hunter2@cache'],
    ['KAFKA_BROKERS', 'chorus:hunter2@k1:9092'],
  ])('%s never shows a password (%s)', (name, value) => {
    expect(refused({ [name]: value }).message).not.toContain('hunter2');
  });
});

describe('contradictions', () => {
  test('AGGREGATOR together with role aggregator', () => {
    const error = refused({ ...servers, ROLES: 'aggregator,worker', AGGREGATOR: 'a:8003' });
    expect(error.field).toBe('AGGREGATOR');
    expect(refused({ ...servers, AGGREGATOR: 'a:8003' }).field).toBe('AGGREGATOR');
  });

  test('no AGGREGATOR for a worker that has neither aggregator nor gateway beside it', () => {
    expect(refused({ ...servers, ROLES: 'worker' }).field).toBe('AGGREGATOR');
    expect(refused({ ...servers, ROLES: 'worker,trainer' }).field).toBe('AGGREGATOR');
    for (const ROLES of ['worker,gateway', 'worker,aggregator']) {
      expect(readSettings({ ...servers, ROLES }).aggregator).toEqual([]);
    }
    const alone = readSettings({ ...servers, ROLES: 'worker', AGGREGATOR: 'a:8003,b:8003' });
    expect(alone.aggregator).toEqual(['a:8003', 'b:8003']);
  });

  test.each(['gateway', 'aggregator', 'trainer', 'gateway,aggregator', 'aggregator,worker'])(
    'ROLES=%s needs all three servers',
    (ROLES) => {
      expect(readSettings({ ...servers, ROLES }).databaseUrl).toBe(servers.DATABASE_URL);
      for (const missing of ['KAFKA_BROKERS', 'DATABASE_URL', 'REDIS_URL']) {
        const error = refused({ ...servers, ROLES, [missing]: undefined });
        expect(error.field).toBe(missing);
      }
      expect(refused({ ROLES }).message).toContain(
        'KAFKA_BROKERS and DATABASE_URL and REDIS_URL missing',
      );
    },
  );

  test('a gateway that sends its requests to another process needs them too', () => {
    const away = { ROLES: 'gateway,worker', AGGREGATOR: 'a:8003' };
    expect(refused(away).field).toBe('KAFKA_BROKERS');
    expect(readSettings({ ...servers, ...away }).aggregator).toEqual(['a:8003']);
  });

  test('a whole path may mix embedded and distributed', () => {
    const settings = readSettings({ REDIS_URL: servers.REDIS_URL, ROLES: 'gateway,worker' });
    expect(settings.redisUrl).toBe(servers.REDIS_URL);
    expect(settings.kafkaBrokers).toEqual([]);
  });

  test('two ports that this process opens must differ; 0 may repeat', () => {
    expect(refused({ HTTP_PORT: '8002' }).message).toContain('HTTP_PORT is "8002"');
    expect(readSettings({ HTTP_PORT: '0', GRPC_PORT: '0' }).grpcPort).toBe(0);
    const worker = { ...servers, ROLES: 'worker', AGGREGATOR: 'a:8003', OPERATIONS_PORT: '8000' };
    expect(readSettings(worker).operationsPort).toBe(8000);
  });
});

describe('WORKER_SLOT=hostname', () => {
  test.each([
    ['chorus-worker-0', 0],
    ['chorus-worker-12', 12],
    ['node7', 7],
  ])('%s owns slot %i', (hostname, slot) => {
    const settings = readSettings({ WORKER_SLOT: 'hostname' }, () => hostname);
    expect(settings.workerSlot).toBe(slot);
  });

  test.each(['worker', 'worker-3.cluster', '3f2a9b1c0d12'])('%s has no ordinal', (hostname) => {
    const error = refused({ WORKER_SLOT: 'hostname' }, hostname);
    expect(error.field).toBe('WORKER_SLOT');
    expect(error.message).toContain(hostname);
  });
});

test('who aggregates, and whether others take part', () => {
  const gateway = readSettings({ ...servers, ROLES: 'gateway' });
  expect(aggregatesHere(gateway)).toBe(true);
  expect(isDistributed(gateway)).toBe(true);
  const behind = readSettings({ ...servers, ROLES: 'gateway', AGGREGATOR: 'a:8003' });
  expect(aggregatesHere(behind)).toBe(false);
  expect(isDistributed(readSettings({}))).toBe(false);
});
