import { readdirSync, readFileSync } from 'node:fs';

/** CPU time so far of a process's main thread, in µs: the thread that serves in a process of Node. */
export function mainThreadUs(pid: number): number {
  return threadUs(pid, `${pid}`);
}

/**
 * CPU time so far of all threads of a process and of its children, in µs. What threads and children
 * that ended meanwhile had spent is missing.
 */
export function processUs(pid: number): number {
  let sum = 0;
  for (const thread of threadsOf(pid)) {
    sum += threadUs(pid, thread);
    for (const child of childrenOf(pid, thread)) sum += processUs(child);
  }
  return sum;
}

/** Unlike `stat`, which counts in hundredths of a second, `schedstat` counts nanoseconds. */
function threadUs(pid: number, thread: string): number {
  const [ranNs = ''] = read(`/proc/${pid}/task/${thread}/schedstat`).split(' ');
  return Number(ranNs) / 1000;
}

function childrenOf(pid: number, thread: string): readonly number[] {
  const text = read(`/proc/${pid}/task/${thread}/children`);
  return text.split(' ').filter(Boolean).map(Number);
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Nothing, for a thread that has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
