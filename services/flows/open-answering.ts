import { AnswerCache } from '../answer-cache/answer-cache.ts';
import { ChorusError } from '../domain/errors.ts';
import { exposuresTopic } from '../domain/topics.ts';
import { Exposures } from '../exposures/exposures.ts';
import { Items } from '../items/items.ts';
import type { Platform } from '../platform/platform.ts';
import { recommenderMixture } from '../recommender/recommender-bundle.ts';
import { LiveBundle } from '../registry/live-bundle.ts';
import { LivePointer } from '../registry/live-pointer.ts';
import { UserStates } from '../user-state/user-states.ts';
import { AnswerRequest } from './answer-request.ts';
import { BundleItems } from './bundle-items.ts';
import { DeleteItem } from './delete-item.ts';

/** Flow 1 as a gateway starts it. */
export interface Answering {
  readonly answerRequest: AnswerRequest;
  /** The users and items that answers rest on. */
  readonly users: UserStates;
  readonly items: Items;
  readonly deleteItem: DeleteItem;
  /** Waits for the questions in flight, leaves the aggregators and sends the last exposures. */
  close(): Promise<void>;
}

/** Puts the gateway's part of flow 1 together: it holds no bundle, only the pointer to the live one. */
export async function openAnswering(platform: Platform): Promise<Answering> {
  const { answerLine: line, cache, clock, log, records, settings } = platform;
  if (line === undefined) {
    throw new ChorusError('internal', 'a gateway was started without its end of the answer line');
  }
  const pointer = new LivePointer(records, clock);
  const live = await LiveBundle.watch(pointer, recommenderMixture, clock);
  await log.ensureTopics([exposuresTopic]);
  await line.open();
  const [users, items] = [new UserStates(platform), new Items(platform)];
  const exposures = new Exposures(platform);
  const answerRequest = new AnswerRequest({
    liveBundle: () => live.name,
    users,
    items,
    answers: new AnswerCache(cache),
    line,
    exposures,
    clock,
  });
  const bundleItems = new BundleItems(settings.modelsDir, () => live.name);
  const deleteItem = new DeleteItem({ items, bundleItems });
  const close = async (): Promise<void> => {
    await Promise.all([line.close(), live.close()]);
    await exposures.close();
  };
  return { answerRequest, users, items, deleteItem, close };
}
