import type { Question } from '../../domain/question.ts';
import type { Recommendation } from '../../domain/recommendation.ts';

/**
 * A gateway asks, an aggregator answers. This is the gateway's end, connected to every aggregator
 * that it can find.
 *
 * A question is asked of one aggregator, at most once. What was not yet sent when its stream broke
 * goes to another one; what was sent is void and fails, because the caller's budget is too short
 * for guesses: trying again is the caller's choice.
 */
export interface AnswerLine {
  /** Starts to connect and to keep connected. Never fails for an aggregator that is away. */
  open(): Promise<void>;
  /** Whether there is an aggregator to ask, for readiness. */
  readonly isConnected: boolean;
  /**
   * The answer to a question, from the less busy of two aggregators.
   * @param signal ends the waiting; the aggregator hears that nobody waits any more.
   * @throws ChorusError with code, message and field as the aggregator said them; `unavailable` at
   *   once when there is no aggregator or its stream breaks; `too_large` for a question that no
   *   message can carry (4 MiB); `overloaded` when too many wait already; the signal's reason.
   */
  ask(question: Question, signal: AbortSignal): Promise<Recommendation>;
  /** Refuses new questions, waits for the open ones to end (their budgets bound it), disconnects. Harmless twice. */
  close(): Promise<void>;
}

/** The aggregator's end: where questions come in. */
export interface AnswerDesk {
  /** Starts to take questions. */
  open(answerer: Answerer): Promise<void>;
  /** Takes no more questions, sends the answers to those that it has, and leaves. Harmless twice. */
  close(): Promise<void>;
}

/** What answers questions. */
export interface Answerer {
  /**
   * @param question its budget is on this process's clock.
   * @param signal aborts when nobody waits for the answer any more.
   */
  answer(question: Question, signal: AbortSignal): Promise<Recommendation>;
}

/** At most this many questions of one gateway may be open at one aggregator; more are `overloaded`. */
export const maxOpenQuestions = 1000;
