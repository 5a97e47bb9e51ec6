import type { Presence } from '../domain/presence.ts';
import { metrics } from '../platform/telemetry/metrics.ts';
import type { Random } from '../platform/random/random.ts';

/** What must be run: one expert of one bundle. */
export interface ExpertBundle {
  readonly mixture: string;
  readonly expert: string;
  readonly bundle: string;
}

const nobody: readonly string[] = [];

/** Who is there: the workers that announced themselves, what each can run, and how busy it is. */
export class PresenceBoard {
  readonly #random: Random;
  readonly #present = new Map<string, Presence>();
  /** Owners by mixture, bundle and expert. */
  readonly #owners = new Map<string, Map<string, Map<string, string[]>>>();
  readonly #open = new Map<string, number>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Takes a worker's newest word about itself. */
  update(presence: Presence): void {
    const before = this.#present.get(presence.workerId);
    this.#present.set(presence.workerId, presence);
    // Most news is of the load alone.
    if (before === undefined || !runsTheSame(before, presence)) this.#index();
  }

  /** A worker left: it owns nothing any more. */
  remove(workerId: string): void {
    this.#present.delete(workerId);
    this.#open.delete(workerId);
    this.#index();
  }

  /** Whether anybody can run this now. */
  isPresent(what: ExpertBundle): boolean {
    return this.#ownersOf(what).length > 0;
  }

  /**
   * The less loaded of two owners drawn at random: nearly as even as asking all of them, without
   * every aggregator rushing to the same idle worker (Mitzenmacher 2001, "The power of two choices").
   *
   * @param except a worker that broke with this task: anybody else, if there is somebody.
   */
  chooseOwner(what: ExpertBundle, except?: string): Presence | undefined {
    const owners = this.#ownersOf(what);
    const eligible = except === undefined ? owners : owners.filter((id) => id !== except);
    if (eligible.length === 0) return undefined;
    const first = Math.floor(this.#random.uniform() * eligible.length);
    // Another one, where there is one: drawn twice, a stopped worker would win a quarter of all
    // draws against a single other, however busy it looks.
    const step = 1 + Math.floor(this.#random.uniform() * (eligible.length - 1));
    const second = (first + step) % eligible.length;
    const left = this.#presenceAt(eligible, first);
    const right = this.#presenceAt(eligible, second);
    if (left === undefined || right === undefined) return left ?? right;
    return this.#busyness(right) < this.#busyness(left) ? right : left;
  }

  /** This worker, if it can run this now. */
  ownerIf(workerId: string, what: ExpertBundle): Presence | undefined {
    return this.#ownersOf(what).includes(workerId) ? this.#present.get(workerId) : undefined;
  }

  /** Counts a task as this worker's until `ended`. */
  started(workerId: string): void {
    this.#open.set(workerId, (this.#open.get(workerId) ?? 0) + 1);
  }

  /** One of its tasks ended. */
  ended(workerId: string): void {
    const open = this.#open.get(workerId);
    if (open !== undefined) this.#open.set(workerId, Math.max(0, open - 1));
  }

  #ownersOf({ mixture, bundle, expert }: ExpertBundle): readonly string[] {
    return this.#owners.get(mixture)?.get(bundle)?.get(expert) ?? nobody;
  }

  #presenceAt(ids: readonly string[], index: number): Presence | undefined {
    return this.#present.get(ids[index] ?? '');
  }

  #busyness({ workerId, load }: Presence): number {
    // Announced load is as old as the last change that a worker thought worth saying; what this
    // process sent since counts on top.
    const announced = load.inFlight + load.queued;
    return (announced + (this.#open.get(workerId) ?? 0)) / Math.max(1, load.capacity);
  }

  #index(): void {
    this.#owners.clear();
    for (const { workerId, experts: served, readyBundles } of this.#present.values()) {
      for (const { mixture, expert } of served) {
        for (const ready of readyBundles) {
          if (ready.mixture !== mixture) continue;
          const bundles = within(this.#owners, mixture, () => new Map());
          const experts = within(bundles, ready.bundle, () => new Map());
          within(experts, expert, (): string[] => []).push(workerId);
        }
      }
    }
    metrics.workersPresent.set(this.#present.size);
  }
}

function within<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}

function runsTheSame(before: Presence, now: Presence): boolean {
  return whatItRuns(before) === whatItRuns(now);
}

function whatItRuns({ experts, readyBundles }: Presence): string {
  return JSON.stringify([experts, readyBundles]);
}
