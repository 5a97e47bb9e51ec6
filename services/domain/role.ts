/** The roles that a process can play, in the order in which they start. */
export const roleNames = ['aggregator', 'worker', 'trainer', 'gateway'] as const;

/** What a process can be asked to play. */
export type RoleName = (typeof roleNames)[number];

/**
 * One role at work. Roles start one after the other and stop in the reverse order, so that a
 * role may rely on those started before it until its own `stop` has resolved.
 */
export interface Role {
  /** As `ROLES` names it; logs say it. */
  readonly name: RoleName;
  /** Where callers find it once it started, for the start-up line: `http http://127.0.0.1:8000`. */
  readonly addresses?: readonly string[];
  /** Resolves when the role does its work. Rejects with the signal's reason when that aborts first. */
  start(signal: AbortSignal): Promise<void>;
  /** Refuses new work, finishes what is in flight and closes. Harmless twice, and before `start` resolved. */
  stop(): Promise<void>;
}
