import { status } from '@grpc/grpc-js';
import { ChorusError } from '../../domain/errors.ts';
import type { Question } from '../../domain/question.ts';
import type { Recommendation } from '../../domain/recommendation.ts';
import type { Clock, Timer } from '../clock/clock.ts';
import { logger } from '../telemetry/logger.ts';
import {
  decodeGatewayFrame,
  encodeAnswer,
  encodeAnswerFrame,
  type ReceivedGatewayFrame,
  type ReceivedQuestion,
} from '../wire/question-codec.ts';
import { type Answerer, maxOpenQuestions } from './answer-line.ts';
import { Frame, maxPieceBytes } from './frame.ts';
import type { AggregatorCall } from './grpc-stream.ts';

const leaveWithinMs = 1000;

/** What a stream needs of the aggregator's desk. */
export interface GatewayStreamOwner extends Answerer {
  readonly aggregatorId: string;
  /** Questions of all gateways without an answer yet. */
  readonly inFlight: number;
  /** Nothing more comes; said once. */
  onOver(stream: GatewayStream): void;
}

/** The aggregator's end of one gateway's stream. */
export class GatewayStream {
  /** Resolves when nothing more goes or comes. */
  readonly over: Promise<void>;
  readonly #call: AggregatorCall;
  readonly #owner: GatewayStreamOwner;
  readonly #clock: Clock;
  readonly #open = new Map<number, AbortController>();
  readonly #ready = new Map<number, Recommendation | ChorusError>();
  #isNewsDue = false;
  #isDue = false;
  #isLeaving = false;
  #patience: Timer | undefined;
  #isOver = false;
  #resolveOver: () => void = () => undefined;

  constructor(call: AggregatorCall, owner: GatewayStreamOwner, clock: Clock) {
    this.#call = call;
    this.#owner = owner;
    this.#clock = clock;
    this.over = new Promise((resolve) => {
      this.#resolveOver = resolve;
    });
    call.on('data', (bytes: Buffer) => this.#onBytes(bytes));
    call.on('drain', () => this.#flush());
    // A gateway says goodbye when it has all its answers; one that only ends has no use for them.
    call.on('end', () => this.#end());
    // A broken connection is a cancelled call; `close` follows every end, so one of them is heard.
    for (const event of ['cancelled', 'error', 'close']) call.on(event, () => this.#finish());
    call.write(this.#head());
  }

  /** Questions without an answer. */
  get size(): number {
    return this.#open.size;
  }

  /** Takes no more questions, answers those it has, and ends when the gateway has heard that. */
  leave(): void {
    if (this.#isOver || this.#isLeaving) return;
    this.#isLeaving = true;
    this.#call.write(Buffer.concat([this.#head(), encodeAnswerFrame({ goodbye: true })]));
    this.#schedule();
  }

  #head(): Buffer {
    const { aggregatorId, inFlight } = this.#owner;
    return encodeAnswerFrame({ aggregatorId, inFlight });
  }

  #onBytes(bytes: Buffer): void {
    if (this.#isOver) return;
    let frame: ReceivedGatewayFrame;
    try {
      frame = decodeGatewayFrame(bytes, this.#clock.monotonicUs());
    } catch (thrown) {
      // How grpc-js wants the status of a stream: its own listener turns the event into the trailers.
      const { message: details } = ChorusError.from(thrown);
      this.#call.emit('error', { code: status.INVALID_ARGUMENT, details });
      this.#finish();
      return;
    }
    this.#onFrame(frame);
  }

  #onFrame({ questions, cancels, goodbye }: ReceivedGatewayFrame): void {
    for (const question of questions) this.#take(question);
    for (const id of cancels) this.#cancel(id);
    if (goodbye) this.#end();
  }

  #take({ id, question }: ReceivedQuestion): void {
    if (question === undefined) {
      this.#answer(id, new ChorusError('unimplemented', 'this aggregator knows no such question'));
    } else if (this.#isLeaving) {
      this.#answer(id, new ChorusError('unavailable', 'this aggregator leaves'));
    } else if (this.#open.size + this.#ready.size >= maxOpenQuestions) {
      const message = `${maxOpenQuestions} questions of this gateway wait already`;
      this.#answer(id, new ChorusError('overloaded', message));
    } else {
      void this.#run(id, question);
    }
  }

  /** Never rejects. */
  async #run(id: number, question: Question): Promise<void> {
    const abort = new AbortController();
    this.#open.set(id, abort);
    let outcome: Recommendation | ChorusError;
    try {
      outcome = await this.#owner.answer(question, abort.signal);
    } catch (thrown) {
      outcome = ChorusError.from(thrown);
      // The gateway shows its caller nothing of it.
      if (outcome.code === 'internal') {
        logger.error({ event: 'question.failed', err: thrown });
      }
    }
    // Cancelled, or the stream broke: nobody waits.
    if (this.#open.delete(id)) this.#answer(id, outcome);
  }

  #cancel(id: number): void {
    const abort = this.#open.get(id);
    this.#open.delete(id);
    this.#ready.delete(id);
    abort?.abort(new ChorusError('cancelled', 'the gateway waits no longer'));
    // So that the gateway knows that we heard it, and how busy we are.
    this.#isNewsDue = true;
    this.#schedule();
  }

  #answer(id: number, outcome: Recommendation | ChorusError): void {
    this.#ready.set(id, outcome);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isDue || this.#isOver) return;
    this.#isDue = true;
    this.#clock.nextTurn(() => this.#flush());
  }

  #flush(): void {
    this.#isDue = false;
    if (this.#isOver || this.#call.writableNeedDrain) return;
    let frame = new Frame(this.#head());
    for (const [id, outcome] of this.#ready) {
      const piece = encodeFitting(id, outcome);
      if (!frame.fits(piece)) {
        if (!this.#call.write(frame.toBytes())) return;
        frame = new Frame(this.#head());
      }
      frame.add(piece);
      this.#ready.delete(id);
    }
    if (!frame.isEmpty || this.#isNewsDue) this.#call.write(frame.toBytes());
    this.#isNewsDue = false;
    // Questions that meet the goodbye on their way get a word too: the gateway ends first.
    if (this.#isLeaving && this.#open.size === 0) {
      this.#patience ??= this.#clock.after(leaveWithinMs, () => this.#end());
    }
  }

  #end(): void {
    this.#call.end();
    this.#finish();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#patience?.cancel();
    this.#ready.clear();
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const abort of open) {
      abort.abort(new ChorusError('cancelled', 'the gateway is gone'));
    }
    this.#owner.onOver(this);
    this.#resolveOver();
  }
}

function encodeFitting(id: number, outcome: Recommendation | ChorusError): Buffer {
  const piece = encodeAnswer(id, outcome);
  if (piece.byteLength <= maxPieceBytes) return piece;
  const message = `the answer has ${piece.byteLength} bytes, the answer line carries ${maxPieceBytes}`;
  return encodeAnswer(id, new ChorusError('too_large', message));
}
