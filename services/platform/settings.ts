import { hostname as hostnameOfThisMachine } from 'node:os';
import { z } from 'zod';
import { ChorusError } from '../domain/errors.ts';
import type { ExpertRef } from '../domain/presence.ts';
import { roleNames, type RoleName } from '../domain/role.ts';
import * as read from './settings-values.ts';

/** What a process was told by its environment, checked and with every default filled in. */
export interface Settings {
  /** What this process plays, each role once. */
  readonly roles: readonly RoleName[];
  /** Address on which every port listens. */
  readonly bind: string;
  /** 0 picks a free port; so for every port. */
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Metrics and health of every process. */
  readonly operationsPort: number;
  /** Reply line and the gateways' streams; opened by aggregators when there are Kafka brokers. */
  readonly internalPort: number;
  /** Origins whose pages may call us; `*` for all. Empty: none. */
  readonly corsOrigins: readonly string[];
  readonly dataDir: string;
  readonly modelsDir: string;
  readonly experts: 'all' | readonly ExpertRef[];
  /** Slot that the worker of this process owns, before the modulo by a topic's partitions. */
  readonly workerSlot: number;
  readonly defaultDeadlineMs: number;
  readonly collectMs: number;
  /** `host:port` of brokers; empty: the embedded event log. */
  readonly kafkaBrokers: readonly string[];
  /** Without it the embedded records are used. May hold a password: never log it. */
  readonly databaseUrl: string | undefined;
  /** Without it the embedded cache is used. May hold a password: never log it. */
  readonly redisUrl: string | undefined;
  /** `host:port` of aggregators in other processes; empty when this process aggregates itself. */
  readonly aggregator: readonly string[];
}

const schema = z.object({
  ROLES: read.roles.default(['gateway', 'aggregator', 'worker', 'trainer']),
  BIND: read.host.default('127.0.0.1'),
  HTTP_PORT: read.port.default(8000),
  GRPC_PORT: read.port.default(8001),
  OPERATIONS_PORT: read.port.default(8002),
  INTERNAL_PORT: read.port.default(8003),
  CORS_ORIGINS: read.origins.default([]),
  DATA_DIR: read.folder.default('.chorus'),
  MODELS_DIR: read.folder.default('models'),
  EXPERTS: read.experts.default('all'),
  WORKER_SLOT: read.slot.default(0),
  DEFAULT_DEADLINE_MS: read.milliseconds.default(500),
  COLLECT_MS: read.milliseconds.default(150),
  KAFKA_BROKERS: read.addresses.default([]),
  DATABASE_URL: read.databaseUrl.optional(),
  REDIS_URL: read.redisUrl.optional(),
  AGGREGATOR: read.addresses.default([]),
});

/**
 * Reads every setting; the only reader of the environment. An empty value is the same as none,
 * because compose files and charts write `NAME=` where they have nothing to say.
 * @throws ChorusError `bad_setting` that names each variable at fault, its value and what was expected.
 */
export function readSettings(
  environment: NodeJS.ProcessEnv = process.env,
  hostname: () => string = hostnameOfThisMachine,
): Settings {
  const given: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const text = environment[name]?.trim();
    if (text !== undefined && text !== '') given[name] = text;
  }
  const result = schema.safeParse(given);
  if (!result.success) {
    const complaints = result.error.issues.map(({ path, message }) => {
      const name = String(path[0]);
      const show = name.endsWith('_URL') ? read.shownUrl : read.shown;
      return `${name} is ${show(given[name] ?? '')} but should be ${message}`;
    });
    throw badSetting(String(result.error.issues[0]?.path[0]), complaints.join('; '));
  }
  const settings = settingsOf(result.data, hostname);
  refuseContradictions(settings);
  return settings;
}

/** Whether this process weighs replies itself: by role, or as a gateway that knows no other aggregator. */
export function aggregatesHere({ roles, aggregator }: Settings): boolean {
  return roles.includes('aggregator') || (roles.includes('gateway') && aggregator.length === 0);
}

/** Whether processes other than this one take part in the path of a request. */
export function isDistributed({ kafkaBrokers }: Settings): boolean {
  return kafkaBrokers.length > 0;
}

function settingsOf(values: z.infer<typeof schema>, hostname: () => string): Settings {
  return {
    roles: roleNames.filter((name) => values.ROLES.includes(name)),
    bind: values.BIND,
    httpPort: values.HTTP_PORT,
    grpcPort: values.GRPC_PORT,
    operationsPort: values.OPERATIONS_PORT,
    internalPort: values.INTERNAL_PORT,
    corsOrigins: values.CORS_ORIGINS,
    dataDir: values.DATA_DIR,
    modelsDir: values.MODELS_DIR,
    experts: values.EXPERTS,
    workerSlot: values.WORKER_SLOT === 'hostname' ? ordinalOf(hostname()) : values.WORKER_SLOT,
    defaultDeadlineMs: values.DEFAULT_DEADLINE_MS,
    collectMs: values.COLLECT_MS,
    kafkaBrokers: values.KAFKA_BROKERS,
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    aggregator: values.AGGREGATOR,
  };
}

function ordinalOf(hostname: string): number {
  const digits = /\d{1,9}$/.exec(hostname)?.[0];
  // A container's default host name is its id, twelve hexadecimal digits: what it ends with is
  // chance, and two workers would share a slot.
  if (digits === undefined || /^[0-9a-f]{12}$/.test(hostname)) {
    throw badSetting(
      'WORKER_SLOT',
      `WORKER_SLOT is "hostname", but the host is called "${hostname}": expected a name that ends with an ordinal, as worker-3 does`,
    );
  }
  return Number(digits);
}

function refuseContradictions(settings: Settings): void {
  const { roles, aggregator, kafkaBrokers, databaseUrl, redisUrl } = settings;
  if (roles.includes('aggregator') && aggregator.length > 0) {
    throw badSetting(
      'AGGREGATOR',
      `AGGREGATOR is "${aggregator.join(',')}", but ROLES is "${roles.join(',')}": expected no AGGREGATOR in a process that plays aggregator itself`,
    );
  }
  if (roles.includes('worker') && !aggregatesHere(settings) && aggregator.length === 0) {
    throw badSetting(
      'AGGREGATOR',
      `AGGREGATOR is missing: expected host:port of the aggregators for a worker with neither aggregator nor gateway beside it (ROLES is "${roles.join(',')}")`,
    );
  }
  const wholePath =
    roles.includes('gateway') && roles.includes('worker') && aggregatesHere(settings);
  const missing = Object.entries({
    KAFKA_BROKERS: kafkaBrokers[0],
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
  }).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (!wholePath && missing.length > 0) {
    throw badSetting(
      missing[0] ?? '',
      `${missing.join(' and ')} missing: expected KAFKA_BROKERS, DATABASE_URL and REDIS_URL, because ROLES is "${roles.join(',')}" and the rest of a request's path runs in other processes`,
    );
  }
  refuseSharedPorts(settings);
}

function refuseSharedPorts(settings: Settings): void {
  const { roles, httpPort, grpcPort, operationsPort, internalPort } = settings;
  const opened = Object.entries({
    OPERATIONS_PORT: operationsPort,
    ...(roles.includes('gateway') && { HTTP_PORT: httpPort, GRPC_PORT: grpcPort }),
    ...(aggregatesHere(settings) && isDistributed(settings) && { INTERNAL_PORT: internalPort }),
  });
  const owners = new Map<number, string>();
  for (const [name, port] of opened) {
    const other = owners.get(port);
    if (port !== 0 && other !== undefined) {
      throw badSetting(name, `${name} is "${port}", as ${other} is: expected a port of its own`);
    }
    owners.set(port, name);
  }
}

function badSetting(name: string, message: string): ChorusError {
  return new ChorusError('bad_setting', message, { field: name });
}
