/** One expert chosen for one request. */
export interface Choice {
  readonly expert: string;
  /** Its share of the answer; the weights of a route sum to 1. */
  readonly weight: number;
}

/** The experts chosen for one request, their weights and why. */
export interface Route {
  readonly choices: readonly Choice[];
  /** The gate's full distribution, in the order of the bundle's experts. */
  readonly probabilities: Float32Array;
  /** Experts that the gate wanted and nobody runs now; others took their places. */
  readonly absent: readonly string[];
}
