/** One expert of one mixture, as a worker names what it can run. */
export interface ExpertRef {
  readonly mixture: string;
  readonly expert: string;
}

/** One bundle that a worker has loaded, warmed and can run. */
export interface BundleRef {
  readonly mixture: string;
  readonly bundle: string;
}

/** How busy a worker is; dispatch compares (inFlight + queued) / capacity. */
export interface WorkerLoad {
  /** Tasks running now. */
  readonly inFlight: number;
  /** Tasks waiting. */
  readonly queued: number;
  /** Tasks that it can run at once. */
  readonly capacity: number;
}

/** What a worker says of itself: after its first fetch and first ping, and on every change. */
export interface Presence {
  /** Random per start of the process. */
  readonly workerId: string;
  /** The partition number that it reads on all topics of its experts. */
  readonly slot: number;
  readonly experts: readonly ExpertRef[];
  readonly readyBundles: readonly BundleRef[];
  readonly load: WorkerLoad;
}
