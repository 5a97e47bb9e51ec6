import { AnswerCache } from '../answer-cache/answer-cache.ts';
import { ChorusError } from '../domain/errors.ts';
import type { Platform } from '../platform/platform.ts';
import { recommenderMixture } from '../recommender/recommender-bundle.ts';
import { LiveBundle } from '../registry/live-bundle.ts';
import { LivePointer } from '../registry/live-pointer.ts';
import { UserStates } from '../user-state/user-states.ts';
import { AnswerRequest } from './answer-request.ts';

/** Flow 1 as a gateway starts it. */
export interface Answering {
  readonly answerRequest: AnswerRequest;
  /** Waits for the questions in flight and leaves the aggregators. */
  close(): Promise<void>;
}

/** Puts the gateway's part of flow 1 together: it holds no bundle, only the pointer to the live one. */
export async function openAnswering(platform: Platform): Promise<Answering> {
  const { answerLine: line, cache, clock, records } = platform;
  if (line === undefined) {
    throw new ChorusError('internal', 'a gateway was started without its end of the answer line');
  }
  const pointer = new LivePointer(records, clock);
  const live = await LiveBundle.watch(pointer, recommenderMixture, clock);
  await line.open();
  const answerRequest = new AnswerRequest({
    liveBundle: () => live.name,
    users: new UserStates(platform),
    answers: new AnswerCache(cache),
    line,
    clock,
  });
  const close = async (): Promise<void> => {
    await Promise.all([line.close(), live.close()]);
  };
  return { answerRequest, close };
}
