/**
 * Every way in which Chorus fails on purpose. `http` and `grpc` are the statuses a caller sees,
 * `retryable` says whether the same call may succeed later. Callers and metrics see the code.
 */
export const errorTable = {
  invalid_argument: { http: 400, grpc: 3, retryable: false },
  not_found: { http: 404, grpc: 5, retryable: false },
  already_exists: { http: 409, grpc: 6, retryable: false },
  conflict: { http: 409, grpc: 10, retryable: true },
  too_large: { http: 413, grpc: 8, retryable: false },
  overloaded: { http: 429, grpc: 8, retryable: true },
  cancelled: { http: 499, grpc: 1, retryable: false },
  internal: { http: 500, grpc: 13, retryable: false },
  unimplemented: { http: 501, grpc: 12, retryable: false },
  unavailable: { http: 503, grpc: 14, retryable: true },
  deadline_exceeded: { http: 504, grpc: 4, retryable: true },
  /** A setting that is missing, malformed or contradicts another: the start stops with exit code 78. */
  bad_setting: { http: 500, grpc: 13, retryable: false },
  /** A second process opened a `DATA_DIR` that another one holds. */
  data_dir_in_use: { http: 503, grpc: 14, retryable: false },
  /** A bundle whose files, hashes, signature or graph do not fit its manifest: exit code 78 at the start; from a worker an absent expert. */
  bundle_rejected: { http: 422, grpc: 9, retryable: false },
  /** A worker was asked for a bundle that it does not hold; treated as an absent expert. */
  unknown_bundle: { http: 409, grpc: 9, retryable: true },
  /** A model failed while running, or gave another number of rows than it was given. */
  model_failed: { http: 500, grpc: 13, retryable: false },
  /** A task whose two deliveries each broke the worker that ran it. */
  poison: { http: 422, grpc: 9, retryable: false },
} as const satisfies Record<string, ErrorStatus>;

/** What an error code means on each surface. */
export interface ErrorStatus {
  /** HTTP status code. */
  readonly http: number;
  /** gRPC status code (google.rpc.Code). */
  readonly grpc: number;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
}

/** The code of a failure, as callers, logs and metrics see it. */
export type ErrorCode = keyof typeof errorTable;

/** Extra facts that an error carries to its caller. */
export interface ErrorDetails extends ErrorOptions {
  /** The request field at fault, in the proto's spelling (`candidates.item_ids`). */
  readonly field?: string;
}

/** Any failure that Chorus reports on purpose. Retry decisions read `retryable`, never the message. */
export class ChorusError extends Error {
  override readonly name = 'ChorusError';
  /** What kind of failure this is. */
  readonly code: ErrorCode;
  /** The request field at fault, when there is one. */
  readonly field: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details);
    this.code = code;
    this.field = details.field;
  }

  /** Whether the same call may succeed later. */
  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }

  /** Normalises anything caught: a ChorusError stays itself, an abort becomes `cancelled`, the rest `internal`. */
  static from(thrown: unknown, code: ErrorCode = 'internal'): ChorusError {
    if (thrown instanceof ChorusError) return thrown;
    if (thrown instanceof Error && thrown.name === 'TimeoutError') {
      return new ChorusError('deadline_exceeded', thrown.message, { cause: thrown });
    }
    if (thrown instanceof Error && thrown.name === 'AbortError') {
      return new ChorusError('cancelled', thrown.message, { cause: thrown });
    }
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new ChorusError(code, message, { cause: thrown });
  }
}
