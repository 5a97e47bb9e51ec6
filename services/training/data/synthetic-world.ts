import { type ItemRecord } from '../../recommender/recommender-parameters.ts';
import { SeededRandom } from '../seeded-random.ts';
import { type Interactions, type Met, packInteractions } from './interactions.ts';
import { longestSeries, SyntheticTitles } from './synthetic-titles.ts';

/** Size and chance of a world. */
export interface WorldSettings {
  readonly seed: number;
  readonly items?: number;
  readonly users?: number;
}

const genres =
  'Adventure,Animation,Comedy,Crime,Documentary,Drama,Fantasy,Heist,History,Horror,Musical,Mystery,Romance,Science Fiction,Thriller,Western'.split(
    ',',
  );
/** Hidden taste communities; the experts can tell them apart but are not told. */
const communities = 8;
/** The middle history; most are between half and twice of it. */
const usualHistory = 28;
const shortestHistory = 10;
const longestHistory = 120;
/** How often a user who can go on with a series does. */
const followsSeries = 0.45;
/** How often a user picks by his own community's taste, not by his second one's. */
const followsHome = 0.8;
const dayMs = 86_400_000;
/** The world's first day: 1 January 2024. */
const firstDayMs = 1_704_067_200_000;

/**
 * Our own world to learn from: films in series and genres, a few of them far more popular than
 * the rest; users in hidden taste communities who watch by taste and go on with a series they
 * began. The same seed gives the same world everywhere.
 */
export function syntheticWorld({ seed, items = 1000, users = 2000 }: WorldSettings): Interactions {
  const random = new SeededRandom(seed);
  const { films, successors } = makeFilms(items, random);
  const tastes = makeTastes(films, random);
  const histories = new Map<string, readonly Met[]>();
  for (let user = 1; user <= users; user += 1) {
    histories.set(nameOf('user', user), watch({ tastes, successors }, random));
  }
  return packInteractions({ source: 'synthetic', items: films, histories, hasTimes: true });
}

/** A world as its users see it. */
interface Scene {
  /** For each community the running sums of how much it wants each film. */
  readonly tastes: readonly Float64Array[];
  /** The next film of each film's series, −1 at its end. */
  readonly successors: Int32Array;
}

function makeFilms(count: number, random: SeededRandom) {
  const titles = new SyntheticTitles(random);
  const films: ItemRecord[] = [];
  const successors = new Int32Array(count).fill(-1);
  while (films.length < count) {
    const length = random.uniform() < 0.5 ? 1 : 2 + random.below(longestSeries - 1);
    const shared = pickGenres(random);
    const firstYear = 1960 + random.below(60);
    for (const [part, title] of titles.series(Math.min(length, count - films.length)).entries()) {
      const row = films.length;
      if (part > 0) successors[row - 1] = row;
      films.push({
        id: nameOf('film', row + 1),
        title,
        genres: shared,
        year: firstYear + part * 2,
      });
    }
  }
  return { films, successors };
}

function pickGenres(random: SeededRandom): string[] {
  const picked = new Set<string>();
  const wanted = 1 + random.below(2);
  while (picked.size < wanted) picked.add(genres[random.below(genres.length)] ?? '');
  return [...picked].toSorted();
}

/** Popularity falls with a film's rank; each community multiplies it by its taste. */
function makeTastes(films: readonly ItemRecord[], random: SeededRandom): readonly Float64Array[] {
  const popularity = films.map(() => (1 + random.below(films.length)) ** -0.6);
  return Array.from({ length: communities }, (_, community) => {
    // Genres in turn, so that every community has its own pair and no genre is nobody's.
    const liked = new Set([
      genres[(community * 2) % genres.length],
      genres[(community * 2 + 1) % genres.length],
    ]);
    let sum = 0;
    return Float64Array.from(films, (film, row) => {
      const matches = film.genres.filter((genre) => liked.has(genre)).length;
      sum += (popularity[row] ?? 0) * Math.exp(1.8 * matches + 0.9 * random.normal());
      return sum;
    });
  });
}

function watch({ tastes, successors }: Scene, random: SeededRandom): readonly Met[] {
  const home = tastes[random.below(communities)] ?? new Float64Array();
  const second = tastes[random.below(communities)] ?? home;
  const drawn = Math.round(usualHistory * Math.exp(0.5 * random.normal()));
  const length = Math.min(longestHistory, Math.max(shortestHistory, drawn));
  const seen = new Set<number>();
  const history: Met[] = [];
  let timeMs = firstDayMs + random.below(500) * dayMs;
  let last = -1;
  // Stops early where a small world has nothing left that the user wants.
  for (let attempt = 0; attempt < length * 20 && history.length < length; attempt += 1) {
    const next = last < 0 ? -1 : (successors[last] ?? 0);
    const goesOn = next >= 0 && !seen.has(next) && random.uniform() < followsSeries;
    const taste = random.uniform() < followsHome ? home : second;
    const itemRow = goesOn ? next : random.weighted(taste);
    if (seen.has(itemRow)) continue;
    seen.add(itemRow);
    timeMs += Math.round((0.05 + 4 * random.uniform() ** 3) * dayMs);
    history.push({ itemRow, weight: 1, timeMs });
    last = itemRow;
  }
  return history;
}

function nameOf(kind: string, number: number): string {
  return `${kind}-${String(number).padStart(4, '0')}`;
}
