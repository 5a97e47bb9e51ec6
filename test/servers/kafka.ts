import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import type { RunningServer, ServerKind } from './server-kind.ts';
import { ServerProcess } from './server-process.ts';

const here = join(import.meta.dirname, 'kafka');
const jars = join(here, 'lib');
const oldestJava = 17;
// Any 16 bytes do: the folder is new each time.
const clusterId = 'Q2hvcnVzLXRlc3RzLTEyMw';
const javaOptions = ['-Xmx512m', '-XX:+UseSerialGC', '-cp', join(jars, '*')];
const run = promisify(execFile);

/** A real Apache Kafka: one node that is broker and controller (KRaft), from its Maven Central jars. */
export const kafka: ServerKind = {
  name: 'Apache Kafka',

  whyMissing(): string | undefined {
    const java = javaVersion();
    if (java === undefined) return 'no java on PATH (test/servers/install.sh installs it)';
    if (java < oldestJava) return `java ${java} is too old; it needs ${oldestJava} or newer`;
    // The install script copies this file last, so it stands for a complete folder.
    return existsSync(join(jars, 'pom.xml'))
      ? undefined
      : 'its jars are not in test/servers/kafka/lib (test/servers/install.sh fetches them)';
  },

  async start(): Promise<RunningServer> {
    const folder = await mkdtemp(join(tmpdir(), 'chorus-kafka-'));
    const [port, controllerPort] = await Promise.all([freePort(), freePort()]);
    const settings = join(folder, 'server.properties');
    await writeFile(settings, brokerSettings(join(folder, 'data'), port, controllerPort));
    await run('java', [
      '-XX:TieredStopAtLevel=1',
      ...javaOptions,
      'kafka.tools.StorageTool',
      'format',
      '-t',
      clusterId,
      '-c',
      settings,
    ]);
    return ServerProcess.start({
      name: 'Apache Kafka',
      address: `127.0.0.1:${port}`,
      command: 'java',
      args: [
        ...javaOptions,
        `-Dlog4j2.configurationFile=${join(here, 'log4j2.properties')}`,
        'kafka.Kafka',
        settings,
      ],
      folder,
      readyLine: /Kafka Server started/,
      // Its orderly shutdown takes seconds and buys nothing: acknowledged records are in the files.
      endSignal: 'SIGKILL',
    });
  },
};

function brokerSettings(dataFolder: string, port: number, controllerPort: number): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': dataFolder,
    'auto.create.topics.enable': false,
    'offsets.topic.num.partitions': 4,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    // A killed broker may register again only when its old session has ended: 9 s by default.
    'broker.session.timeout.ms': 2000,
    'broker.heartbeat.interval.ms': 500,
    // So that tests see a dead member and an expired record within seconds.
    'group.min.session.timeout.ms': 1000,
    'log.retention.check.interval.ms': 1000,
    'log.initial.task.delay.ms': 1000,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function javaVersion(): number | undefined {
  const answer = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = /version "(\d+)/.exec(answer.stderr ?? '')?.[1];
  return version === undefined ? undefined : Number(version);
}
