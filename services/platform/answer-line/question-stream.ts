import { ChorusError } from '../../domain/errors.ts';
import type { DialledStream } from '../aggregator-link/aggregator-dialler.ts';
import type { Clock, Timer } from '../clock/clock.ts';
import {
  decodeAnswerFrame,
  encodeGatewayFrame,
  encodeQuestion,
  type ReceivedAnswer,
  type ReceivedAnswerFrame,
} from '../wire/question-codec.ts';
import type { Asking } from './asking.ts';
import { Frame, maxPieceBytes } from './frame.ts';
import type { GatewayCall } from './grpc-stream.ts';

const helloWithinMs = 5000;
const closeWithinMs = 1000;

/** What a stream tells the gateway's line. */
export interface QuestionStreamOwner {
  readonly gatewayId: string;
  /** An aggregator answered. False when the gateway has a stream to it already, by another address. */
  onHello(stream: QuestionStream): boolean;
  /** These could not be asked here: nothing of them was computed. */
  onUnasked(askings: readonly Asking[]): void;
  /** Nothing more goes or comes; said once. */
  onOver(stream: QuestionStream): void;
}

/** One stream of a gateway to one aggregator, from the call to its end; another attempt is another object. */
export class QuestionStream implements DialledStream {
  aggregatorId = '';
  isAccepted = false;
  readonly isReplaced = false;
  readonly over: Promise<void>;
  readonly #call: GatewayCall;
  readonly #owner: QuestionStreamOwner;
  readonly #clock: Clock;
  readonly #head: Buffer;
  readonly #helloTimer: Timer;
  readonly #unsent = new Set<Asking>();
  readonly #open = new Map<number, Asking>();
  #cancels: number[] = [];
  #lastId = 0;
  #busyElsewhere = 0;
  #unheard = 0;
  #isDue = false;
  #isBlocked = false;
  #hasGoodbye = false;
  #hasEnded = false;
  #isOver = false;
  #resolveOver: () => void = () => undefined;

  constructor(call: GatewayCall, owner: QuestionStreamOwner, clock: Clock) {
    this.#call = call;
    this.#owner = owner;
    this.#clock = clock;
    this.#head = encodeGatewayFrame({ gatewayId: owner.gatewayId });
    this.over = new Promise((resolve) => {
      this.#resolveOver = resolve;
    });
    // A host that swallows packets would hold the attempt for minutes.
    this.#helloTimer = clock.after(helloWithinMs, () => this.#abandon());
    call.on('data', (bytes: Buffer) => this.#onBytes(bytes));
    call.on('drain', () => this.#onDrain());
    call.on('status', () => this.#finish());
    // The status says the same; without a listener Node would throw.
    call.on('error', () => undefined);
  }

  /** Whether questions may be asked here. */
  get takesQuestions(): boolean {
    return this.isAccepted && !this.#hasGoodbye && !this.#hasEnded && !this.#isOver;
  }

  /** Questions of ours without an outcome. */
  get size(): number {
    return this.#open.size + this.#unsent.size;
  }

  /**
   * Everybody's questions there, as far as is known. Those that were given up since it last said a
   * word count too: an aggregator that stopped would look idle.
   */
  get busyness(): number {
    return this.#busyElsewhere + this.size + this.#unheard;
  }

  /** Sends a question at the end of this turn. */
  ask(asking: Asking): void {
    this.#unsent.add(asking);
    asking.whenGivenUp = () => this.#unsent.delete(asking);
    this.#schedule();
  }

  /** Says goodbye and ends; gives the aggregator one second to end its half. */
  async leave(): Promise<void> {
    if (this.aggregatorId === '') this.#abandon();
    const patience = this.#clock.after(closeWithinMs, () => this.#abandon());
    if (!this.#isOver && !this.#hasEnded) {
      this.#flush();
      this.#write(encodeGatewayFrame({ gatewayId: this.#owner.gatewayId, goodbye: true }));
      this.#end();
    }
    await this.over;
    patience.cancel();
  }

  #abandon(): void {
    this.#call.cancel();
    this.#finish();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#call.end();
  }

  #onBytes(bytes: Buffer): void {
    if (this.#isOver) return;
    let frame: ReceivedAnswerFrame;
    try {
      frame = decodeAnswerFrame(bytes);
    } catch {
      this.#abandon();
      return;
    }
    this.#onFrame(frame);
  }

  #onFrame({ aggregatorId, answers, inFlight, goodbye }: ReceivedAnswerFrame): void {
    if (this.aggregatorId === '') {
      this.#helloTimer.cancel();
      this.aggregatorId = aggregatorId;
      this.isAccepted = this.#owner.onHello(this);
      if (!this.isAccepted) {
        this.#abandon();
        return;
      }
    }
    if (goodbye) this.#onGoodbye();
    this.#take(answers);
    this.#unheard = 0;
    this.#busyElsewhere = Math.max(0, inFlight - this.#open.size);
    if (this.#hasGoodbye && this.#open.size === 0) this.#end();
  }

  /** It leaves on purpose: what it has it answers, the rest goes elsewhere. */
  #onGoodbye(): void {
    this.#hasGoodbye = true;
    const unasked = [...this.#unsent];
    this.#unsent.clear();
    this.#owner.onUnasked(unasked);
  }

  #take(answers: readonly ReceivedAnswer[]): void {
    const refused: Asking[] = [];
    for (const { id, outcome } of answers) {
      const asking = this.#open.get(id);
      this.#open.delete(id);
      if (asking === undefined) continue;
      const isRefused = outcome instanceof ChorusError && outcome.code === 'unavailable';
      // It met the goodbye on its way.
      if (this.#hasGoodbye && isRefused) refused.push(asking);
      else asking.settle(outcome);
    }
    if (refused.length > 0) this.#owner.onUnasked(refused);
  }

  #schedule(): void {
    if (this.#isDue || this.#isBlocked || this.#isOver) return;
    this.#isDue = true;
    this.#clock.nextTurn(() => this.#flush());
  }

  #flush(): void {
    this.#isDue = false;
    if (this.#isOver || this.#isBlocked || this.#hasEnded) return;
    let frame = new Frame(this.#head);
    if (this.#cancels.length > 0) frame.add(encodeGatewayFrame({ cancels: this.#cancels }));
    this.#cancels = [];
    for (const asking of this.#unsent) {
      const id = this.#lastId + 1;
      const piece = this.#encode(id, asking);
      if (piece === undefined) continue;
      if (!frame.fits(piece)) {
        this.#write(frame.toBytes());
        if (this.#isBlocked) return;
        frame = new Frame(this.#head);
      }
      frame.add(piece);
      this.#sent(id, asking);
    }
    if (!frame.isEmpty) this.#write(frame.toBytes());
  }

  #encode(id: number, asking: Asking): Buffer | undefined {
    const piece = encodeQuestion(id, asking.question, this.#clock.monotonicUs());
    if (piece.byteLength <= maxPieceBytes) return piece;
    this.#unsent.delete(asking);
    const message = `the question has ${piece.byteLength} bytes, the answer line carries ${maxPieceBytes}`;
    asking.settle(new ChorusError('too_large', message));
    return undefined;
  }

  #sent(id: number, asking: Asking): void {
    this.#lastId = id;
    this.#unsent.delete(asking);
    this.#open.set(id, asking);
    asking.whenGivenUp = () => {
      if (!this.#open.delete(id)) return;
      this.#unheard += 1;
      this.#cancels.push(id);
      this.#schedule();
    };
  }

  #write(frame: Buffer): void {
    // False means that 16 frames wait in this process already (grpc-node#2653): more would grow without bound.
    this.#isBlocked = !this.#call.write(frame);
  }

  #onDrain(): void {
    this.#isBlocked = false;
    this.#flush();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#helloTimer.cancel();
    this.#owner.onOver(this);
    const unasked = [...this.#unsent];
    this.#unsent.clear();
    this.#owner.onUnasked(unasked);
    for (const asking of this.#open.values()) {
      asking.settle(new ChorusError('unavailable', 'the stream to the aggregator broke'));
    }
    this.#open.clear();
    this.#resolveOver();
  }
}
