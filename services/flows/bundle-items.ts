import { logger } from '../platform/telemetry/logger.ts';
import { readItemIds, recommenderMixture } from '../recommender/recommender-bundle.ts';
import { readBundleFile } from '../registry/bundle-folder.ts';

/** Which items the live bundle was trained with, for a process that holds no bundle. */
export class BundleItems {
  readonly #modelsDir: string;
  readonly #liveBundle: () => string;
  #read: { readonly bundle: string; readonly ids: Promise<ReadonlySet<string>> } | undefined;

  /** @param liveBundle `<mixture>/<version>`; empty while nobody has chosen one. */
  constructor(modelsDir: string, liveBundle: () => string) {
    this.#modelsDir = modelsDir;
    this.#liveBundle = liveBundle;
  }

  /** Read when it is first asked after a bundle went live; undefined when the bundle cannot be read here. */
  async has(itemId: string): Promise<boolean | undefined> {
    const bundle = this.#liveBundle();
    if (bundle === '') return false;
    if (this.#read?.bundle !== bundle) this.#read = { bundle, ids: this.#readIds(bundle) };
    try {
      return (await this.#read.ids).has(itemId);
    } catch (error) {
      this.#read = undefined;
      logger.warn({ event: 'bundle.items-unread', bundle, reason: String(error) });
      return undefined;
    }
  }

  async #readIds(bundle: string): Promise<ReadonlySet<string>> {
    const version = bundle.slice(recommenderMixture.length + 1);
    const path = 'items.json';
    return readItemIds(
      await readBundleFile(this.#modelsDir, { mixture: recommenderMixture, version, path }),
    );
  }
}
