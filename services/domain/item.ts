/** An item as callers describe it. */
export interface Item {
  readonly itemId: string;
  /** For people. */
  readonly title: string;
  /** What an item without any history is ranked by. */
  readonly genres: readonly string[];
  /** Of publication. */
  readonly year?: number | undefined;
  /** Whatever else a mixture may use. */
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * What the records say of a catalogue; it wins over what a bundle says. Immutable: another
 * version is another object, so what is derived from it may be kept beside it.
 */
export interface ItemOverlay {
  /** Changes with every change of an item; two overlays of one version are the same. */
  readonly version: string;
  /** Items added or described anew, by id. */
  readonly upserted: ReadonlyMap<string, Item>;
  /** Ids of the items that are gone. */
  readonly deleted: ReadonlySet<string>;
}
