import { type SeededRandom } from '../seeded-random.ts';

const adjectives =
  'Amber,Ashen,Borrowed,Bright,Broken,Burning,Careful,Copper,Crooked,Distant,Drowned,Early,Electric,Empty,Fallen,Foreign,Gentle,Glass,Golden,Hidden,Hollow,Iron,Last,Late,Lonely,Lost,Mild,Narrow,Northern,Paper,Patient,Quiet,Red,Restless,Salt,Second,Secret,Silver,Slow,Small,Stolen,Sudden,Tall,Tender,Velvet,Wandering,White,Wild,Winter,Wooden'.split(
    ',',
  );
const nouns =
  'Archive,Bakery,Balloon,Border,Bridge,Cartographer,Choir,Clockmaker,Compass,Courier,Dancer,Detective,Engine,Falcon,Ferry,Forest,Garden,Gardener,Harbour,Heart,Hotel,House,Island,Journey,Kingdom,Lantern,Letter,Library,Lighthouse,Market,Mirror,Mountain,Night,Ocean,Orchard,Orchestra,Painter,Passenger,Pilot,Planet,River,Road,Sailor,Season,Signal,Station,Stranger,Summer,Theatre,Tide,Tower,Train,Valley,Violin,Visitor,Voyage,Widow,Window,Witness,Year'.split(
    ',',
  );
const places =
  'Alder Bay,Brindle,Calder Street,Dunmore,Elm Hill,Fenwick,Gallow Green,Harrow Point,Isle Moran,Juniper Lane,Kestrel Moor,Larkspur,Merrow,Nettle Creek,Old Quay,Pell Harbour,Quarry Road,Rook Island,Saint Orla,Tamsin Wood'.split(
    ',',
  );
const numerals = ['', ' II', ' III', ' IV'];

/** Films that follow each other in a series. */
export const longestSeries = numerals.length;

/** Makes up readable film titles, none twice. */
export class SyntheticTitles {
  readonly #random: SeededRandom;
  readonly #taken = new Set<string>();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Titles of one series: `The Glass Harbour`, `The Glass Harbour II`, … */
  series(length: number): readonly string[] {
    let title = this.#draw();
    while (this.#taken.has(title)) title = this.#draw();
    this.#taken.add(title);
    return numerals.slice(0, length).map((numeral) => `${title}${numeral}`);
  }

  #draw(): string {
    const adjective = this.#pick(adjectives);
    const noun = this.#pick(nouns);
    const place = this.#pick(places);
    const patterns = [
      `The ${adjective} ${noun}`,
      `The ${noun} of ${place}`,
      `${adjective} ${noun}`,
    ];
    return this.#pick([...patterns, `${/^[AEIO]/.test(noun) ? 'An' : 'A'} ${noun} in ${place}`]);
  }

  #pick(words: readonly string[]): string {
    return words[this.#random.below(words.length)] ?? '';
  }
}
