import { readFile } from 'node:fs/promises';

/** Where a process's own time went, by function. */
export interface SelfTime {
  /** `name file:line`. */
  readonly place: string;
  /** Of the profile's busy time. */
  readonly share: number;
}

/** `post` is the profiler's own: writing the profile out. */
const idle = new Set(['(idle)', '(program)', '(root)', 'post']);

/** What of a profile a person reads first: the functions with the most time of their own. */
export async function selfTimes(file: string, count: number): Promise<readonly SelfTime[]> {
  const profile: CpuProfile = JSON.parse(await readFile(file, 'utf8'));
  const times = new Map<string, number>();
  const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  let busy = 0;
  profile.samples.forEach((id, index) => {
    const place = places.get(id) ?? '';
    const time = profile.timeDeltas[index] ?? 0;
    if (idle.has(place.split(' ')[0] ?? '')) return;
    busy += time;
    times.set(place, (times.get(place) ?? 0) + time);
  });
  return [...times]
    .map(([place, time]) => ({ place, share: time / busy }))
    .toSorted((left, right) => right.share - left.share)
    .slice(0, count);
}

function placeOf({ functionName, url, lineNumber }: CallFrame): string {
  const file = url.replace(/^.*\/(?=dist\/|node_modules\/)/, '');
  return `${functionName === '' ? '(anonymous)' : functionName} ${file}:${lineNumber + 1}`;
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** What V8 writes. */
interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}
