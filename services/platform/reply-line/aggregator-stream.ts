import { status } from '@grpc/grpc-js';
import { ChorusError } from '../../domain/errors.ts';
import type { Presence } from '../../domain/presence.ts';
import type { Reply } from '../../domain/reply.ts';
import type { TaskKey } from '../../domain/task.ts';
import type { Clock } from '../clock/clock.ts';
import {
  type AggregatorFrame,
  decodeWorkerFrame,
  encodeAggregatorFrame,
  type ReceivedWorkerFrame,
} from '../wire/frame-codec.ts';
import type { AggregatorCall } from './grpc-stream.ts';

const maxWaitingCancels = 1000;

/** What a stream tells the aggregator's line. */
export interface AggregatorStreamOwner {
  readonly aggregatorId: string;
  onPresence(stream: AggregatorStream, presence: Presence): void;
  onReplies(stream: AggregatorStream, replies: readonly Reply[]): void;
  /** Nothing more comes; said once. */
  onOver(stream: AggregatorStream): void;
}

/** The aggregator's end of one worker's stream. */
export class AggregatorStream {
  /** Who speaks; empty before the first frame. */
  workerId = '';
  readonly #call: AggregatorCall;
  readonly #owner: AggregatorStreamOwner;
  readonly #clock: Clock;
  #cancels: TaskKey[] = [];
  #isDue = false;
  #isOver = false;

  constructor(call: AggregatorCall, owner: AggregatorStreamOwner, clock: Clock) {
    this.#call = call;
    this.#owner = owner;
    this.#clock = clock;
    call.on('data', (bytes: Buffer) => this.#onBytes(bytes));
    call.on('drain', () => this.#flush());
    call.on('end', () => this.end());
    // A broken connection is a cancelled call; `close` follows every end, so one of them is heard.
    for (const event of ['cancelled', 'error', 'close']) call.on(event, () => this.#finish());
    this.#write({ hello: { aggregatorId: owner.aggregatorId } });
  }

  /** Tells the worker, at the end of this turn, that nobody waits for these. The oldest go first. */
  cancel(tasks: readonly TaskKey[]): void {
    if (this.#isOver) return;
    this.#cancels.push(...tasks);
    this.#cancels.splice(0, this.#cancels.length - maxWaitingCancels);
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.nextTurn(() => this.#flush());
  }

  /** Says goodbye and ends the stream. */
  leave(): void {
    if (this.#isOver) return;
    this.#write({ goodbye: true });
    this.end();
  }

  /** Ends the stream without a word. */
  end(): void {
    this.#call.end();
    this.#finish();
  }

  /** Ends the stream with a gRPC status and the reason. */
  refuse(code: status, details: string): void {
    // How grpc-js wants the status of a stream: its own listener turns the event into the trailers.
    this.#call.emit('error', { code, details });
    this.#finish();
  }

  #onBytes(bytes: Buffer): void {
    if (this.#isOver) return;
    const arrivedUs = this.#clock.monotonicUs();
    let frame: ReceivedWorkerFrame;
    try {
      frame = decodeWorkerFrame(bytes);
    } catch (error) {
      this.refuse(status.INVALID_ARGUMENT, ChorusError.from(error).message);
      return;
    }
    this.#onFrame(frame, arrivedUs);
  }

  #onFrame(frame: ReceivedWorkerFrame, arrivedUs: number): void {
    const { workerId, ping, presence, replies, goodbye } = frame;
    if (this.workerId === '') this.workerId = workerId;
    if (ping) {
      const pong = { t0Us: ping.t0Us, t1Us: arrivedUs, t2Us: this.#clock.monotonicUs() };
      this.#write({ pong });
    }
    if (presence) this.#owner.onPresence(this, presence);
    if (replies.length > 0) this.#owner.onReplies(this, replies);
    if (goodbye) this.end();
  }

  #flush(): void {
    this.#isDue = false;
    if (this.#isOver || this.#cancels.length === 0 || this.#call.writableNeedDrain) return;
    const cancels = this.#cancels;
    this.#cancels = [];
    this.#write({ cancels });
  }

  #write(frame: AggregatorFrame): void {
    this.#call.write(encodeAggregatorFrame(frame));
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancels = [];
    this.#owner.onOver(this);
  }
}
