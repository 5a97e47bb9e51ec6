/** A kind of server that tests, the distributed demo and the bench can have for themselves. */
export interface ServerKind {
  /** What people call it. */
  readonly name: string;
  /** What this machine lacks to run it, in words; undefined when it can be started. */
  whyMissing(): string | undefined;
  /**
   * Starts one on a free port of 127.0.0.1 with its data in a temporary folder.
   * @throws Error with the server's last words when it is not ready within a minute.
   */
  start(): Promise<RunningServer>;
}

/** One real server, ours alone. It dies with the process that started it. */
export interface RunningServer {
  /** What `KAFKA_BROKERS`, `DATABASE_URL` or `REDIS_URL` would hold. */
  readonly address: string;
  readonly pid: number;
  /** Ends it without a good-bye, as a crash would; the port and the data on disk stay. */
  kill(): Promise<void>;
  /** Ends it if it still runs and starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Stops it in its tracks (SIGSTOP): connections stay open and nothing answers. */
  pause(): void;
  /** Lets a paused one go on. */
  resume(): void;
  /** Ends it and removes its folder. Harmless twice. */
  stop(): Promise<void>;
}
