/** One item of a user's past. */
export interface HistoryEntry {
  readonly itemId: string;
  /** How much it says about the user's taste; 1 for a plain positive. */
  readonly weight: number;
  /** When it happened, in ms since the epoch; 0 where the data has no times. */
  readonly timeMs: number;
}

/** What is known of one user. */
export interface UserState {
  /** A random token, new with every change: two states with one version are the same state. */
  readonly version: string;
  /** Oldest first. */
  readonly history: readonly HistoryEntry[];
}

/** The version of everybody of whom nothing is known. */
export const unknownUserVersion = '';

/** The state of everybody of whom nothing is known. */
export const unknownUser: UserState = { version: unknownUserVersion, history: [] };
