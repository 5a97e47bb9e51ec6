/**
 * Microseconds of the machine's monotonic clock: the one clock that processes share.
 * `performance.now` counts from the start of its own process.
 */
export function machineUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
