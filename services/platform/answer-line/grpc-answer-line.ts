import { ChorusError } from '../../domain/errors.ts';
import type { Question } from '../../domain/question.ts';
import type { Recommendation } from '../../domain/recommendation.ts';
import { AggregatorLinks, type AggregatorTargets } from '../aggregator-link/aggregator-links.ts';
import type { Clock } from '../clock/clock.ts';
import type { Random } from '../random/random.ts';
import { logger } from '../telemetry/logger.ts';
import { type AnswerLine, maxOpenQuestions } from './answer-line.ts';
import { Asking } from './asking.ts';
import { aggregatorMethod } from './grpc-stream.ts';
import { QuestionStream, type QuestionStreamOwner } from './question-stream.ts';

/** Who asks, and where the aggregators are. */
export interface GrpcAnswerLineOptions extends AggregatorTargets {
  /** Random per start of the process. */
  readonly gatewayId: string;
}

/** A gateway's end of the answer line over gRPC: one long-lived stream to each aggregator. */
export class GrpcAnswerLine implements AnswerLine {
  readonly #links: AggregatorLinks;
  readonly #random: Random;
  readonly #streams = new Map<string, QuestionStream>();
  readonly #waiting = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /** @throws ChorusError `bad_setting` when `aggregators` is no list of `host:port` */
  constructor(options: GrpcAnswerLineOptions, clock: Clock, random: Random) {
    this.#random = random;
    const owner: QuestionStreamOwner = {
      gatewayId: options.gatewayId,
      onHello: (stream) => this.#onHello(stream),
      onUnasked: (askings) => askings.forEach((asking) => this.#ask(asking)),
      onOver: (stream) => this.#onOver(stream),
    };
    this.#links = new AggregatorLinks(options, {
      method: aggregatorMethod,
      begin: (call) => new QuestionStream(call, owner, clock),
      clock,
      random,
    });
  }

  open(): Promise<void> {
    this.#links.open();
    return Promise.resolve();
  }

  get isConnected(): boolean {
    return this.#closing === undefined && this.#takers().length > 0;
  }

  async ask(question: Question, signal: AbortSignal): Promise<Recommendation> {
    if (this.#closing !== undefined) {
      throw new ChorusError('unavailable', 'this answer line is closed');
    }
    if (signal.aborted) throw ChorusError.from(signal.reason, 'cancelled');
    const asking = new Asking(question, signal);
    this.#waiting.add(asking.answer);
    try {
      this.#ask(asking);
      return await asking.answer;
    } finally {
      this.#waiting.delete(asking.answer);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#waiting);
    await this.#links.close();
  }

  #ask(asking: Asking): void {
    const takers = this.#takers();
    const able = takers.filter(({ size }) => size < maxOpenQuestions);
    const stream = this.#lessBusy(able);
    if (stream !== undefined) stream.ask(asking);
    else if (takers.length > 0) {
      const message = `${maxOpenQuestions} questions wait at every aggregator already`;
      asking.settle(new ChorusError('overloaded', message));
    } else {
      asking.settle(new ChorusError('unavailable', 'no aggregator is connected'));
    }
  }

  #takers(): QuestionStream[] {
    return [...this.#streams.values()].filter((stream) => stream.takesQuestions);
  }

  /** Of two drawn at random, as dispatch chooses workers: nearly as even as comparing all of them. */
  #lessBusy(streams: readonly QuestionStream[]): QuestionStream | undefined {
    const first = Math.floor(this.#random.uniform() * streams.length);
    const second =
      (first + 1 + Math.floor(this.#random.uniform() * (streams.length - 1))) % streams.length;
    const left = streams[first];
    const right = streams[second];
    if (left === undefined || right === undefined) return left;
    return right.busyness < left.busyness ? right : left;
  }

  #onHello(stream: QuestionStream): boolean {
    const { aggregatorId } = stream;
    // `localhost` is two addresses of one aggregator: its load would count twice.
    if (this.#streams.has(aggregatorId)) return false;
    this.#streams.set(aggregatorId, stream);
    logger.info({ aggregatorId }, 'aggregator takes questions');
    return true;
  }

  #onOver(stream: QuestionStream): void {
    const { aggregatorId } = stream;
    if (this.#streams.get(aggregatorId) !== stream) return;
    this.#streams.delete(aggregatorId);
    if (this.#closing === undefined) logger.warn({ aggregatorId }, 'aggregator gone');
  }
}
