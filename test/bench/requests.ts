// oxlint-disable no-await-in-loop -- two at once would measure each other
import { startChorus } from '../servers/chorus.ts';
import { untilReady } from '../../deploy/demo/until-ready.ts';
import { RealClock } from '../../services/platform/clock/real-clock.ts';
import { median } from './ports/statistics.ts';
import { Peer } from './ports/peer.ts';
import { RecommendLoad } from './requests/recommend-load.ts';
import { Probe, selfTimes } from './requests/probe.ts';
import { mainThreadUs, processUs } from './requests/thread-cpu.ts';
import { shippedWorld } from './requests/world.ts';
import type { EmptyServer } from './requests/empty-grpc-process.ts';

const clock = new RealClock();
const world = await shippedWorld();
const users = world.interactions.users;
const items = world.interactions.items.map(({ id }) => id);
const probe = await Probe.make();
const profile = process.argv.includes('--profile');
const chorus = await startChorus({
  ...probe.settings,
  MODELS_DIR: world.modelsDir,
  COLLECT_MS: '2000',
  DEFAULT_DEADLINE_MS: '5000',
});
await untilReady(chorus.http, clock);
const empty = new Peer<EmptyServer>(new URL('requests/empty-grpc-process.ts', import.meta.url));
const emptyPid = await empty.ask('pid');
const empty0 = await empty.ask('listen', 0);
const empty10 = await empty.ask('listen', 10);
const load = new RecommendLoad();
const quick = process.argv.includes('--quick');
const only = process.argv[process.argv.indexOf('--case') + 1];
const ms = quick ? 1000 : 3000;
const cases = [
  {
    name: 'empty, 100 candidates',
    address: empty0,
    pid: emptyPid,
    candidates: 100,
    fresh: 0,
    checked: false,
  },
  {
    name: 'empty + 10 items',
    address: empty10,
    pid: emptyPid,
    candidates: 100,
    fresh: 0,
    checked: false,
  },
  {
    name: 'hit',
    address: chorus.grpc,
    pid: chorus.process.pid,
    candidates: 100,
    fresh: 0,
    checked: true,
  },
  {
    name: '85',
    address: chorus.grpc,
    pid: chorus.process.pid,
    candidates: 100,
    fresh: 15,
    checked: true,
  },
  {
    name: 'miss',
    address: chorus.grpc,
    pid: chorus.process.pid,
    candidates: 100,
    fresh: 100,
    checked: true,
  },
  {
    name: 'whole',
    address: chorus.grpc,
    pid: chorus.process.pid,
    candidates: 0,
    fresh: 100,
    checked: true,
  },
].filter(({ name }) => !process.argv.includes('--case') || name.startsWith(only ?? ''));
const samples = new Map<string, Record<string, number>[]>();
for (let repeat = 0; repeat < (quick ? 3 : 5); repeat += 1) {
  for (const { name, address, pid, candidates, fresh, checked } of cases) {
    await load.aim({ address, candidates, users, items });
    await load.prime();
    const order = { freshOf100: fresh, checked, inFlight: 64 };
    if (repeat === 0) await load.run({ ...order, forMs: 4000 });
    await load.prime();
    const file = `/tmp/bench-${name}-${repeat}.cpuprofile`;
    const isProfiled = profile && pid === chorus.process.pid;
    if (isProfiled) await probe.startProfile();
    const [main, all] = [mainThreadUs(pid), processUs(pid)];
    const window = await load.run({ ...order, forMs: ms });
    if (isProfiled) {
      await probe.stopProfile(file);
      process.stderr.write(`${file}\n`);
      for (const { place, share } of await selfTimes(file, 25)) {
        process.stderr.write(`  ${(share * 100).toFixed(1).padStart(5)} %  ${place}\n`);
      }
    }
    const n = window.answers;
    if (Object.keys(window.wrong).length > 0) throw new Error(JSON.stringify(window.wrong));
    const figures = {
      perSecond: (n / window.wallUs) * 1e6,
      serving: (mainThreadUs(pid) - main) / n,
      process: (processUs(pid) - all) / n,
      load: window.cpuUs / n,
      p50: window.p50Ms,
      p99: window.p99Ms,
      k: window.meanExperts,
    };
    const list = samples.get(name) ?? [];
    list.push(figures);
    samples.set(name, list);
  }
}
for (const [name, list] of samples) {
  const cells = Object.keys(list[0] ?? {}).map((key) => {
    const values = list.map((each) => each[key] ?? 0);
    return `${key} ${median(values).toPrecision(3)} (${Math.min(...values).toPrecision(3)}-${Math.max(...values).toPrecision(3)})`;
  });
  process.stdout.write(`${name.padEnd(24)} ${cells.join('  ')}\n`);
}
await load.close();
await empty.stop();
await chorus.process.stop();
