import { RealClock } from '../clock/real-clock.ts';
import { RealRandom } from '../random/real-random.ts';
import { EmbeddedReplyLine } from './embedded-reply-line.ts';
import { replyLineContract } from './reply-line.contract.ts';

/** A clock whose next turn does not come while it is held: function calls know no other slowness. */
class HeldClock extends RealClock {
  #isHeld = false;
  readonly #waiting: (() => void)[] = [];

  override nextTurn(task: () => void): void {
    if (this.#isHeld) this.#waiting.push(task);
    else super.nextTurn(task);
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    for (const task of this.#waiting.splice(0)) super.nextTurn(task);
  }
}

replyLineContract('EmbeddedReplyLine', () => {
  const clock = new HeldClock();
  const aggregator = new EmbeddedReplyLine(clock, new RealRandom());
  return {
    aggregator,
    attachWorker: (workerId) => aggregator.attachWorker(workerId),
    sever: (workerId) => aggregator.sever(workerId),
    stall: () => clock.hold(),
    resume: () => clock.release(),
    close: () => Promise.resolve(),
  };
});
