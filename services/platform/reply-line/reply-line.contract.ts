import { afterEach, beforeEach, describe } from 'vitest';
import { interleavingRules } from './contract/interleaving.contract.ts';
import { presenceRules } from './contract/presence.contract.ts';
import { pressureRules } from './contract/pressure.contract.ts';
import { repliesRules } from './contract/replies.contract.ts';
import { type ReplyLineHarness, Rig } from './contract/rig.ts';

/** What every reply line keeps, whatever it runs on. */
export function replyLineContract(name: string, create: () => ReplyLineHarness): void {
  describe(`${name} keeps the reply-line contract`, () => {
    let rig: Rig;

    beforeEach(() => {
      rig = new Rig(create());
    });

    afterEach(() => rig.close());

    presenceRules(() => rig);
    repliesRules(() => rig);
    pressureRules(() => rig);
    interleavingRules(() => rig);
  });
}
