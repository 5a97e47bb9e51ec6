import type { Socket } from 'node:net';
import { describe, inject } from 'vitest';
import { RealClock } from '../clock/real-clock.ts';
import { RealRandom } from '../random/real-random.ts';
import { eventLogContract } from './event-log.contract.ts';
import type { EventLog } from './event-log.ts';
import { openNoDelaySocket } from './kafka/kafka-client.ts';
import { KafkaEventLog } from './kafka-event-log.ts';
import type { EventLogStorage } from './log-under-test.contract.ts';

const { kafka } = inject('servers');
const note = kafka === undefined ? ' (skipped: no Kafka here)' : '';

describe.skipIf(kafka === undefined)(`the event log on Kafka${note}`, () => {
  eventLogContract(async () => new KafkaStorage(kafka ?? ''), {
    patienceMs: 20_000,
    expiryMs: 3000,
    compactsSoon: false,
  });
});

/** A broker whose clients can lose all their connections at once, as a killed process does. */
class KafkaStorage implements EventLogStorage {
  readonly #address: string;
  readonly #abandoned: EventLog[] = [];
  #sockets: Socket[] = [];

  constructor(address: string) {
    this.#address = address;
  }

  async open(): Promise<EventLog> {
    const sockets: Socket[] = [];
    this.#sockets = sockets;
    return KafkaEventLog.connect({
      brokers: [this.#address],
      clock: new RealClock(),
      random: new RealRandom(),
      // So that a crashed member is given up within the patience of a test.
      sessionTimeoutMs: 3000,
      openSocket: (host, port) => {
        if (this.#sockets !== sockets) throw new Error('this process is dead');
        const socket = openNoDelaySocket(host, port);
        sockets.push(socket);
        return socket;
      },
    });
  }

  async restart(log: EventLog): Promise<EventLog> {
    await log.close();
    return this.open();
  }

  async crash(log: EventLog): Promise<EventLog> {
    const sockets = this.#sockets;
    this.#sockets = [];
    for (const socket of sockets) socket.resetAndDestroy();
    this.#abandoned.push(log);
    return this.open();
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#abandoned.map(async (log) => log.close()));
  }
}
