import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts the CPU time of processes in hundredths of a second, whatever the machine. */
const tickUs = 10_000;

/** CPU time of this process so far, user and system, of all its threads, in µs. */
export function ownCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * CPU time so far of another process and of its children, in µs but in steps of 10 ms: measure
 * over seconds. What children that ended meanwhile had spent is missing.
 */
export function cpuUsOf(pid: number): number {
  const all = new Map<number, ProcessTimes>();
  for (const name of readdirSync('/proc')) {
    const times = /^\d+$/.test(name) ? readTimes(name) : undefined;
    if (times !== undefined) all.set(Number(name), times);
  }
  let ticks = 0;
  for (const [each, times] of all) if (descendsFrom(pid, each, all)) ticks += times.ticks;
  return ticks * tickUs;
}

interface ProcessTimes {
  readonly parent: number;
  readonly ticks: number;
}

/** Fields of `man 5 proc_pid_stat`; undefined for a process that has just ended. */
function readTimes(pid: string): ProcessTimes | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name, which may hold blanks and parentheses.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}

function descendsFrom(
  ancestor: number,
  pid: number,
  all: ReadonlyMap<number, ProcessTimes>,
): boolean {
  for (let each = pid; each > 0; each = all.get(each)?.parent ?? 0) {
    if (each === ancestor) return true;
  }
  return false;
}
