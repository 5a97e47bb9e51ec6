import { RealClock } from '../../../services/platform/clock/real-clock.ts';
import { paceNs } from './pace.ts';
import { processes, runH2load } from './h2load.ts';
import { inFlight, type LoadCase } from './load-case.ts';
import { metricSums } from './metric-sums.ts';
import type { LoadWindow, RecommendLoad } from './recommend-load.ts';
import { type SpentCpu, spentCpu, type Subject } from './subject.ts';
import type { AskedWorld } from './request-bodies.ts';

/** What one window gave, by the names of `figure-columns.ts` and of the subject's processes. */
export type Reading = Readonly<Record<string, number>>;

/** Name of the figure that holds the CPU time of one process for each request. */
export function memberFigure(name: string): string {
  return `${name}, µs`;
}

/** A line of a table. */
export interface CaseResult {
  readonly name: string;
  readonly title: string;
  /** One for each repeat, in their order. */
  readonly readings: readonly Reading[];
  /** Why it has no readings. */
  readonly failed?: string;
}

/** How a run measures. */
export interface Windows {
  readonly repeats: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
}

/** What measuring needs. */
export interface MeasureParts {
  readonly load: RecommendLoad;
  readonly world: AskedWorld;
  readonly windows: Windows;
  readonly say: (text: string) => void;
}

const clock = new RealClock();
const warmUps = 3;
/** Exposures leave up to a tenth of a second after their answers, and belong to them. */
const afterglowMs = 150;

/** Measures cases in turn, again and again, so that what the machine does meanwhile meets all alike. */
export class CaseMeasurer {
  readonly #parts: MeasureParts;
  readonly #paces: number[] = [];
  #httpTurn = 0;

  constructor(parts: MeasureParts) {
    this.#parts = parts;
  }

  /** How fast the machine was before each turn; see `paceNs`. */
  get paces(): readonly number[] {
    return this.#paces;
  }

  async measure(cases: readonly LoadCase[]): Promise<readonly CaseResult[]> {
    const { windows, say } = this.#parts;
    const readings = new Map(cases.map((each) => [each, [] as Reading[]]));
    const failed = new Map<LoadCase, string>();
    paceNs();
    for (let repeat = 0; repeat < windows.repeats; repeat += 1) {
      this.#paces.push(paceNs());
      for (const each of cases) {
        if (failed.has(each)) continue;
        say(`${each.title} (${repeat + 1} of ${windows.repeats})`);
        try {
          // oxlint-disable-next-line no-await-in-loop -- two at once would measure each other
          readings.get(each)?.push(await this.#reading(each, repeat === 0));
        } catch (error) {
          failed.set(each, error instanceof Error ? error.message : String(error));
          say(`  ${failed.get(each)}`);
        }
      }
    }
    return cases.map((each) => {
      const { name, title } = each;
      const why = failed.get(each);
      if (why === undefined) return { name, title, readings: readings.get(each) ?? [] };
      return { name, title, readings: [], failed: why };
    });
  }

  /** A window of load outside of the figures: for a profile. */
  async runOnce(each: LoadCase): Promise<void> {
    const run = await this.#aim(each);
    await run(this.#parts.windows.windowMs);
  }

  /** Load for a few times as long as the warm-up that each line has for itself. */
  async warmUp(each: LoadCase): Promise<void> {
    this.#parts.say('warming up');
    const run = await this.#aim(each);
    await run(this.#parts.windows.warmUpMs * warmUps);
  }

  async #reading(each: LoadCase, isFirst: boolean): Promise<Reading> {
    const { warmUpMs, windowMs } = this.#parts.windows;
    const { subject } = each;
    if (isFirst && each.perSecond !== 0) {
      const warmUp = await this.#aim(each);
      await warmUp(warmUpMs);
    }
    const forMs = windowMs * (each.windows ?? 1);
    if (each.perSecond === 0) return await idleReading(subject, forMs);
    const run = await this.#aim(each);
    const { probe } = subject.members[0];
    const metricsBefore = await metricSums(subject);
    await probe?.startLoopDelay();
    const before = spentCpu(subject);
    const window = await run(forMs);
    await clock.sleep(afterglowMs);
    const after = spentCpu(subject);
    const delay = await probe?.stopLoopDelay();
    const metricsAfter = await metricSums(subject);
    refuseWrong(each, window, metricsAfter.answersMissed - metricsBefore.answersMissed);
    const records = metricsAfter.recordsPublished - metricsBefore.recordsPublished;
    return {
      ...costs(each, before, after, window.answers, records),
      perSecond: (1e6 * window.answers) / window.wallUs,
      loadUs: window.cpuUs / window.answers,
      p50Ms: window.p50Ms,
      p99Ms: window.p99Ms,
      ...(!Number.isNaN(window.meanExperts) && { experts: window.meanExperts }),
      ...delay,
    };
  }

  /** Connects, and has the answers to the known requests remembered. Gives what runs a window. */
  async #aim(each: LoadCase): Promise<(forMs: number) => Promise<LoadWindow>> {
    const { load, world } = this.#parts;
    const { subject, surface, candidates, freshOf100, checked, perSecond } = each;
    if (surface === 'http') {
      this.#httpTurn = (this.#httpTurn + 1) % httpTurns;
      const users = world.users.filter((_, index) => index % httpTurns === this.#httpTurn);
      return await aimH2load(subject.http, users);
    }
    await load.aim({ ...world, address: subject.grpc, candidates });
    if (checked) await load.prime();
    const rate = perSecond === undefined ? { inFlight } : { perSecond };
    return (forMs) => load.run({ freshOf100, checked, forMs, ...rate });
  }
}

/** What the serving thread's timers do when nobody asks anything. */
async function idleReading({ members }: Subject, forMs: number): Promise<Reading> {
  const { probe } = members[0];
  await probe?.startLoopDelay();
  await clock.sleep(forMs);
  return { ...(await probe?.stopLoopDelay()) };
}

/** h2load can run for a time too, but forgets what is in flight at its end: it is told a number. */
async function aimH2load(
  http: string,
  users: readonly string[],
): Promise<(forMs: number) => Promise<LoadWindow>> {
  const paths = users.map((user) => `/v1/recommend/${encodeURIComponent(user)}`);
  await runH2load({ http, paths, clients: processes, requests: paths.length });
  const order = { http, paths, clients: inFlight };
  const trial = await runH2load({ ...order, requests: trialRequests });
  const perMs = (1000 * trial.answers) / trial.wallUs;
  return (forMs) =>
    runH2load({ ...order, requests: inFlight * Math.ceil((perMs * forMs) / inFlight) });
}

/**
 * Each window over HTTP asks for others: an answer is remembered for a minute, and asking for it
 * again does not make that longer.
 */
const httpTurns = 6;
/** By which the rate is found out. */
const trialRequests = 40 * inFlight;

function refuseWrong(each: LoadCase, window: LoadWindow, missed: number): void {
  const wrong = Object.entries(window.wrong).map(([what, count]) => `${count} × ${what}`);
  // h2load does not look into answers, the product counts what it had to compute.
  if (each.surface === 'http' && each.freshOf100 === 0 && missed > 0) {
    wrong.push(`${missed} × computed though asked before`);
  }
  if (window.answers === 0) wrong.push('no answer');
  if (wrong.length > 0) throw new Error(`of ${window.answers} answers: ${wrong.join(', ')}`);
}

function costs(
  { subject }: LoadCase,
  before: SpentCpu,
  after: SpentCpu,
  answers: number,
  records: number,
): Reading {
  const spentUs = subject.members.map((_, index) => {
    return ((after.members[index] ?? 0) - (before.members[index] ?? 0)) / answers;
  });
  const allUs = spentUs.reduce((sum, us) => sum + us, 0);
  const members = subject.members.map(({ name }, index) => [
    memberFigure(name),
    spentUs[index] ?? 0,
  ]);
  return {
    servingUs: (after.serving - before.serving) / answers,
    allUs,
    // Alone it would say the same again.
    ...(members.length > 1 && Object.fromEntries(members)),
    ...(records > 0 && { records: records / answers }),
    ...(records > 0 && members.length > 1 && { recordUs: (allUs * answers) / records }),
  };
}
