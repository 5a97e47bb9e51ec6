import type { AnswerDesk, AnswerLine } from './answer-line/answer-line.ts';
import { EmbeddedAnswerDesk } from './answer-line/embedded-answer-desk.ts';
import { EmbeddedAnswerLine } from './answer-line/embedded-answer-line.ts';
import { aggregatesHere, type Settings } from './settings.ts';

/** The ends of the answer line that this process holds. */
export interface AnswerLines {
  readonly answerDesks: readonly AnswerDesk[];
  readonly answerLine: AnswerLine | undefined;
}

/** A gateway asks the aggregator beside it by function call, others over gRPC. */
export function openAnswerLines(settings: Settings): AnswerLines {
  if (!aggregatesHere(settings)) return { answerDesks: [], answerLine: undefined };
  const beside = new EmbeddedAnswerDesk();
  return { answerDesks: [beside], answerLine: new EmbeddedAnswerLine(beside) };
}
