import { mainThreadUs, processUs } from './thread-cpu.ts';
import type { Probe } from './probe.ts';

/** One process of what is measured. */
export interface Member {
  /** `gateway`, `Kafka`, …: heads a column. */
  readonly name: string;
  readonly pid: number;
  /** `http://…` of its metrics; servers have none. */
  readonly operations?: string;
  readonly probe?: Probe;
}

/** Something that answers requests, with every process that takes part in it. */
export interface Subject {
  /** `host:port`. */
  readonly grpc: string;
  /** `http://host:port`. */
  readonly http: string;
  /** The one whose main thread serves comes first. */
  readonly members: readonly [Member, ...Member[]];
  stop(): Promise<void>;
}

/** CPU time that a subject has spent so far, in µs. */
export interface SpentCpu {
  /** The thread that serves. */
  readonly serving: number;
  /** All threads of each member, in their order. */
  readonly members: readonly number[];
}

/** Looks up what a subject has spent. */
export function spentCpu({ members }: Subject): SpentCpu {
  return {
    serving: mainThreadUs(members[0].pid),
    members: members.map(({ pid }) => processUs(pid)),
  };
}
