import { chorus } from '../../../proto/generated/public.js';
import { ChorusError } from '../../domain/errors.ts';
import type { Question } from '../../domain/question.ts';
import type { Recommendation } from '../../domain/recommendation.ts';
import type { Lane } from '../../domain/task.ts';
import { decodeMessage } from './decode-message.ts';
import { encodeMessage } from './encode-message.ts';
import { errorCodeOf } from './error-code.ts';
import {
  recommendationFromWire,
  recommendationToWire,
  requestFromWire,
  requestToWire,
} from './recommendation-codec.ts';

const wire = chorus.v1;

/** Whatever a gateway has to say in one frame. */
export interface GatewayFrame {
  readonly gatewayId: string;
  readonly cancels: readonly number[];
  readonly goodbye: boolean;
}

/** A decoded frame of a gateway. */
export interface ReceivedGatewayFrame extends GatewayFrame {
  readonly questions: readonly ReceivedQuestion[];
}

/** A question as it came in; undefined where it is of a kind that this version does not know. */
export interface ReceivedQuestion {
  readonly id: number;
  readonly question: Question | undefined;
}

/** Whatever an aggregator has to say in one frame. */
export interface AnswerFrame {
  readonly aggregatorId: string;
  /** Questions of all its gateways without an answer yet. */
  readonly inFlight: number;
  readonly goodbye: boolean;
}

/** A decoded frame of an aggregator. */
export interface ReceivedAnswerFrame extends AnswerFrame {
  readonly answers: readonly ReceivedAnswer[];
}

/** The outcome of a question. */
export interface ReceivedAnswer {
  readonly id: number;
  readonly outcome: Recommendation | ChorusError;
}

/**
 * A piece of a gateway's frame. In protobuf, messages one after the other are one message that has
 * the fields of all of them: a frame is such pieces and what `encodeQuestion` gave.
 */
export function encodeGatewayFrame(piece: Partial<GatewayFrame>): Buffer {
  const { gatewayId, cancels, goodbye } = piece;
  const message: chorus.v1.GatewayFrame.$Properties = {};
  if (gatewayId !== undefined) message.gateway_id = gatewayId;
  if (cancels !== undefined) message.cancels = cancels;
  if (goodbye !== undefined) message.goodbye = goodbye;
  return encodeMessage(message, wire.GatewayFrame.encode);
}

/** One question, as a piece of a gateway's frame. @param nowUs by the clock of the question's budget. */
export function encodeQuestion(id: number, question: Question, nowUs: number): Buffer {
  const { request, bundle, userVersion, itemsVersion, budget, lane, attempt } = question;
  const elapsedMs = (nowUs - budget.arrivedUs) / 1000;
  const message: chorus.v1.Question.$Properties = {
    question_id: id,
    tenant: request.tenant,
    lane,
    budget_ms: Math.max(0, budget.budgetMs - elapsedMs),
    elapsed_ms: elapsedMs,
    attempt,
    trace_parent: question.traceParent,
    bundle,
    user_version: userVersion,
    items_version: itemsVersion,
    recommend: requestToWire(request),
  };
  return encodeMessage({ questions: [message] }, wire.GatewayFrame.encode);
}

/**
 * The gateway's frame in `bytes`. Budgets are on the clock that says `nowUs`.
 * @throws ChorusError `invalid_argument` for bytes that are none
 */
export function decodeGatewayFrame(bytes: Uint8Array, nowUs: number): ReceivedGatewayFrame {
  const frame = decodeMessage('chorus.v1.GatewayFrame', bytes, wire.GatewayFrame.decode);
  return {
    gatewayId: frame.gateway_id,
    questions: frame.questions.map((question) => questionFromWire(question, nowUs)),
    cancels: frame.cancels,
    goodbye: frame.goodbye,
  };
}

/** A piece of an aggregator's frame; see `encodeGatewayFrame`. */
export function encodeAnswerFrame(piece: Partial<AnswerFrame>): Buffer {
  const { aggregatorId, inFlight, goodbye } = piece;
  const message: chorus.v1.AnswerFrame.$Properties = {};
  if (aggregatorId !== undefined) message.aggregator_id = aggregatorId;
  if (inFlight !== undefined) message.in_flight = inFlight;
  if (goodbye !== undefined) message.goodbye = goodbye;
  return encodeMessage(message, wire.AnswerFrame.encode);
}

/** One answer, as a piece of an aggregator's frame. */
export function encodeAnswer(id: number, outcome: Recommendation | ChorusError): Buffer {
  const message: chorus.v1.Answer.$Properties =
    outcome instanceof ChorusError
      ? { question_id: id, error: failureToWire(outcome) }
      : {
          question_id: id,
          user_version: outcome.userVersion,
          items_version: outcome.itemsVersion,
          gates: outcome.gates,
          recommend: recommendationToWire(outcome),
        };
  return encodeMessage({ answers: [message] }, wire.AnswerFrame.encode);
}

/**
 * The aggregator's frame in `bytes`.
 * @throws ChorusError `invalid_argument` for bytes that are none
 */
export function decodeAnswerFrame(bytes: Uint8Array): ReceivedAnswerFrame {
  const frame = decodeMessage('chorus.v1.AnswerFrame', bytes, wire.AnswerFrame.decode);
  return {
    aggregatorId: frame.aggregator_id,
    answers: frame.answers.map((answer) => ({
      id: answer.question_id,
      outcome: outcomeFromWire(answer),
    })),
    inFlight: frame.in_flight,
    goodbye: frame.goodbye,
  };
}

function questionFromWire(question: chorus.v1.Question, nowUs: number): ReceivedQuestion {
  const { question_id: id, recommend, tenant, bundle, user_version: userVersion } = question;
  if (!recommend) return { id, question: undefined };
  const budget = {
    // Answers' timings are whole µs.
    arrivedUs: Math.round(nowUs - question.elapsed_ms * 1000),
    budgetMs: question.elapsed_ms + question.budget_ms,
  };
  const request = requestFromWire(recommend, tenant);
  const { items_version: itemsVersion, attempt, trace_parent: traceParent } = question;
  // Gateways of before say nothing: whoever waits on this line is a caller.
  const lane: Lane = question.lane === 'bulk' ? 'bulk' : 'interactive';
  const known = { bundle, userVersion, itemsVersion };
  return { id, question: { request, ...known, budget, lane, attempt, traceParent } };
}

function outcomeFromWire(answer: chorus.v1.Answer): Recommendation | ChorusError {
  const { error, recommend } = answer;
  if (error) {
    const { code, message, field } = error;
    return new ChorusError(errorCodeOf(code), message, field === '' ? {} : { field });
  }
  if (!recommend) return new ChorusError('internal', 'the aggregator sent an empty answer');
  try {
    const { user_version: userVersion, items_version: itemsVersion, gates } = answer;
    return recommendationFromWire(recommend, { userVersion, itemsVersion, gates });
  } catch (thrown) {
    return ChorusError.from(thrown);
  }
}

function failureToWire(error: ChorusError): chorus.v1.Failure.$Properties {
  const { code, message, field = '', retryable } = error;
  return { code, message, field, retryable };
}
