import type { Reply } from '../../domain/reply.ts';
import { metrics } from '../telemetry/metrics.ts';
import { maxBufferedReplies } from './reply-line.ts';

/**
 * Replies that wait for one aggregator: gathered over an event-loop turn, or for as long as it
 * cannot keep up. Bounded by `maxBufferedReplies`: memory outranks replies that came too late.
 */
export class ReplyOutbox {
  #replies: Reply[] = [];

  /** Takes one in; the oldest goes when the box is full. */
  add(reply: Reply): void {
    if (this.#replies.length >= maxBufferedReplies) {
      this.#replies.shift();
      metrics.repliesDropped.inc({ reason: 'overflow' });
    }
    this.#replies.push(reply);
  }

  /** Puts back, in front and in order, what could not be sent after all. */
  putBack(replies: Reply[]): void {
    this.#replies = replies.concat(this.#replies);
  }

  get isEmpty(): boolean {
    return this.#replies.length === 0;
  }

  /** Half full: time to stop, because the batches that are running now still need a place. */
  get isPressed(): boolean {
    return this.#replies.length >= maxBufferedReplies / 2;
  }

  /** Empties the box, oldest reply first. */
  takeAll(): Reply[] {
    const replies = this.#replies;
    this.#replies = [];
    return replies;
  }

  /** Gives up what is left, because nobody waits for it any more. */
  abandon(): void {
    metrics.repliesDropped.inc({ reason: 'gone' }, this.#replies.length);
    this.#replies = [];
  }
}
