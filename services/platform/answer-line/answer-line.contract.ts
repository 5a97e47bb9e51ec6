import { afterEach, beforeEach, describe } from 'vitest';
import { answerRules } from './contract/answers.contract.ts';
import { closingRules } from './contract/closing.contract.ts';
import { givingUpRules } from './contract/giving-up.contract.ts';
import { type AnswerLineHarness, Rig } from './contract/rig.ts';

/** What every answer line keeps, whatever it runs on. */
export function answerLineContract(name: string, create: () => AnswerLineHarness): void {
  describe(`${name} keeps the answer-line contract`, () => {
    let rig: Rig;

    beforeEach(() => {
      rig = new Rig(create());
    });

    afterEach(() => rig.close());

    answerRules(() => rig);
    givingUpRules(() => rig);
    closingRules(() => rig);
  });
}
