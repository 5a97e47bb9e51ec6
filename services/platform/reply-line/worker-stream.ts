import { status } from '@grpc/grpc-js';
import type { Presence } from '../../domain/presence.ts';
import type { Reply } from '../../domain/reply.ts';
import type { TaskKey } from '../../domain/task.ts';
import type { Clock, Timer } from '../clock/clock.ts';
import {
  decodeAggregatorFrame,
  encodeWorkerFrame,
  type Pong,
  type ReceivedAggregatorFrame,
  type WorkerFrame,
} from '../wire/frame-codec.ts';
import { encodeReplyFrame } from '../wire/reply-frame-writer.ts';
import { ClockOffset } from './clock-offset.ts';
import type { WorkerCall } from './grpc-stream.ts';
import { packReplies } from './reply-frames.ts';
import { ReplyOutbox } from './reply-outbox.ts';

const helloWithinMs = 5000;
const pingEveryMs = 2000;
const pingsAtOnce = 4;
const closeWithinMs = 1000;

/** What a stream tells the worker's line. */
export interface WorkerStreamOwner {
  readonly workerId: string;
  /** The newest word about this worker. */
  presence(): Presence | undefined;
  /** An aggregator answered. False when the worker has a stream to it already, by another address. */
  onHello(stream: WorkerStream): boolean;
  onCancel(aggregatorId: string, tasks: readonly TaskKey[]): void;
  /** The aggregator takes replies again. */
  onKeepsUp(): void;
  /** Nothing more goes or comes; said once. */
  onOver(stream: WorkerStream): void;
}

/** One stream of a worker to one aggregator, from the call to its end; another attempt is another object. */
export class WorkerStream {
  /** Whose stream it is; empty before the hello. */
  aggregatorId = '';
  /** Whether the owner took this stream as the one to that aggregator. */
  isAccepted = false;
  /** Whether the aggregator ended it in favour of a newer stream of this worker. */
  isReplaced = false;
  /** Resolves when the stream is over, however it ended. */
  readonly over: Promise<void>;
  readonly #call: WorkerCall;
  readonly #owner: WorkerStreamOwner;
  readonly #clock: Clock;
  readonly #outbox = new ReplyOutbox();
  readonly #offset = new ClockOffset();
  readonly #helloTimer: Timer;
  #pingTimer: Timer | undefined;
  #pings = 0;
  #isPresenceDue = true;
  #isDue = false;
  #isBlocked = false;
  #isLeaving = false;
  #hasEnded = false;
  #isOver = false;
  #resolveOver: () => void = () => undefined;

  constructor(call: WorkerCall, owner: WorkerStreamOwner, clock: Clock) {
    this.#call = call;
    this.#owner = owner;
    this.#clock = clock;
    this.over = new Promise((resolve) => {
      this.#resolveOver = resolve;
    });
    // A host that swallows packets would hold the attempt for minutes.
    this.#helloTimer = clock.after(helloWithinMs, () => this.abandon());
    call.on('data', (bytes: Buffer) => this.#onFrame(bytes));
    call.on('drain', () => this.#onDrain());
    call.on('status', ({ code }) => {
      this.isReplaced = code === status.ALREADY_EXISTS;
      this.#finish();
    });
    // The status says the same; without a listener Node would throw.
    call.on('error', () => undefined);
  }

  get clockOffsetUs(): number | undefined {
    return this.#offset.us;
  }

  /** Whether the aggregator takes replies as fast as they come. */
  get keepsUp(): boolean {
    return this.#isOver || (!this.#isBlocked && !this.#outbox.isPressed);
  }

  /** Sends the owner's presence at the end of this turn, or after the first pong. */
  announce(): void {
    this.#isPresenceDue = true;
    this.#schedule();
  }

  /** Sends a reply at the end of this turn. False when the aggregator cannot keep up. */
  send(reply: Reply): boolean {
    this.#outbox.add(reply);
    this.#schedule();
    return this.keepsUp;
  }

  /** Sends what is gathered and says goodbye; gives a slow aggregator one second for it. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    if (this.aggregatorId === '') this.abandon();
    const patience = this.#clock.after(closeWithinMs, () => this.abandon());
    this.#flush();
    await this.over;
    patience.cancel();
  }

  /** Ends the stream at once; what was gathered is lost. */
  abandon(): void {
    this.#call.cancel();
    this.#finish();
  }

  #onFrame(bytes: Buffer): void {
    if (this.#isOver) return;
    const arrivedUs = this.#clock.monotonicUs();
    let frame: ReceivedAggregatorFrame;
    try {
      frame = decodeAggregatorFrame(bytes);
    } catch {
      this.abandon();
      return;
    }
    if (frame.hello) this.#onHello(frame.hello.aggregatorId);
    if (frame.pong) this.#onPong(frame.pong, arrivedUs);
    if (frame.cancels.length > 0 && this.aggregatorId !== '') {
      this.#owner.onCancel(this.aggregatorId, frame.cancels);
    }
    if (frame.goodbye) {
      this.#call.end();
      this.#finish();
    }
  }

  #onHello(aggregatorId: string): void {
    this.#helloTimer.cancel();
    this.aggregatorId = aggregatorId;
    this.isAccepted = this.#owner.onHello(this);
    if (!this.isAccepted) {
      this.abandon();
      return;
    }
    this.#pingTimer = this.#clock.every(pingEveryMs, () => this.#ping());
    this.#ping();
  }

  #ping(): void {
    // Behind a queue it would measure the queue.
    if (this.#isBlocked || this.#hasEnded || this.#isOver) return;
    this.#pings += 1;
    this.#write({ ping: { t0Us: this.#clock.monotonicUs() } });
  }

  #onPong({ t0Us, t1Us, t2Us }: Pong, arrivedUs: number): void {
    const isFirst = this.#offset.us === undefined;
    this.#offset.add({ t0: t0Us, t1: t1Us, t2: t2Us, t3: arrivedUs });
    // The first round trips run through cold code: a few at once leave a good one to choose.
    if (this.#pings < pingsAtOnce) this.#ping();
    if (isFirst) this.#schedule();
  }

  #schedule(): void {
    if (this.#isDue || this.#isBlocked || this.#isOver) return;
    this.#isDue = true;
    this.#clock.nextTurn(() => this.#flush());
  }

  #flush(): void {
    this.#isDue = false;
    if (this.#isOver || this.#isBlocked || this.#hasEnded) return;
    this.#flushPresence();
    this.#flushReplies();
    if (this.#isLeaving && !this.#isBlocked) {
      this.#write({ goodbye: true });
      this.#hasEnded = true;
      this.#call.end();
    }
    if (this.keepsUp) this.#owner.onKeepsUp();
  }

  #flushPresence(): void {
    const presence = this.#owner.presence();
    if (!this.#isPresenceDue || presence === undefined || this.#offset.us === undefined) return;
    this.#isPresenceDue = false;
    this.#write({ presence });
  }

  #flushReplies(): void {
    if (this.#outbox.isEmpty || this.#isBlocked) return;
    const frames = packReplies(this.#outbox.takeAll());
    for (const [index, replies] of frames.entries()) {
      if (this.#isBlocked) {
        this.#outbox.putBack(frames.slice(index).flat());
        return;
      }
      this.#writeBytes(encodeReplyFrame(this.#owner.workerId, replies));
    }
  }

  #write(signal: Omit<WorkerFrame, 'workerId' | 'replies'>): void {
    this.#writeBytes(encodeWorkerFrame({ workerId: this.#owner.workerId, ...signal }));
  }

  #writeBytes(frame: Buffer): void {
    // False means that 16 frames wait in this process already (grpc-node#2653): more would grow without bound.
    this.#isBlocked = !this.#call.write(frame);
  }

  #onDrain(): void {
    if (this.#isOver) return;
    this.#isBlocked = false;
    this.#flush();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#helloTimer.cancel();
    this.#pingTimer?.cancel();
    this.#outbox.abandon();
    this.#owner.onOver(this);
    this.#resolveOver();
  }
}
