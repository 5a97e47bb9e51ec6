import { answerLineContract } from './answer-line.contract.ts';
import { EmbeddedAnswerDesk } from './embedded-answer-desk.ts';
import { EmbeddedAnswerLine } from './embedded-answer-line.ts';

answerLineContract('EmbeddedAnswerLine', () => {
  const desk = new EmbeddedAnswerDesk();
  return {
    desk,
    attachGateway: () => new EmbeddedAnswerLine(desk),
    close: () => Promise.resolve(),
  };
});
