import type { Presence } from '../domain/presence.ts';
import type { ExpertBundle, PresenceBoard } from './presence-board.ts';

/** Tasks that leave within this time share their owners; about what the log lets records wait, in ms. */
const sharedForMs = 5;
/** Only runs as short as this share: a longer one is better begun on another worker at once, in µs. */
const longestSharedRunUs = 1000;

/**
 * Chooses who runs a task. Tasks of the same few milliseconds go to the same owners, each up to
 * what it can take in one batch: records of one partition travel, are fetched, run and answered
 * together, and half as many workers wake up for as many tasks. Who it is, is drawn anew each time.
 */
export class OwnerChoice {
  readonly #board: PresenceBoard;
  /** Owners drawn lately, and how many tasks each may still get. */
  #drawn: { readonly workerId: string; left: number }[] = [];
  #drawnUntilUs = 0;
  /** The last run of each expert, in µs, by mixture and expert. */
  readonly #runUs = new Map<string, Map<string, number>>();

  constructor(board: PresenceBoard) {
    this.#board = board;
  }

  /** Takes note of how long an expert's run took. */
  observe({ mixture, expert }: Omit<ExpertBundle, 'bundle'>, runUs: number): void {
    const known = this.#runUs.get(mixture);
    if (known === undefined) this.#runUs.set(mixture, new Map([[expert, runUs]]));
    else known.set(expert, runUs);
  }

  /** An owner, undefined when nobody present can run it. */
  choose(what: ExpertBundle, nowUs: number): Presence | undefined {
    if (!this.#isShort(what)) return this.#board.chooseOwner(what);
    if (nowUs >= this.#drawnUntilUs) {
      this.#drawn = [];
      this.#drawnUntilUs = nowUs + sharedForMs * 1000;
    }
    for (const drawn of this.#drawn) {
      const owner = drawn.left > 0 ? this.#board.ownerIf(drawn.workerId, what) : undefined;
      if (owner === undefined) continue;
      drawn.left -= 1;
      return owner;
    }
    const owner = this.#board.chooseOwner(what);
    if (owner !== undefined) {
      this.#drawn.push({ workerId: owner.workerId, left: owner.load.capacity - 1 });
    }
    return owner;
  }

  /** One whose time is not known yet may be long. */
  #isShort({ mixture, expert }: ExpertBundle): boolean {
    return (this.#runUs.get(mixture)?.get(expert) ?? Infinity) <= longestSharedRunUs;
  }
}
