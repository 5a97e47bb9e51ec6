import { ownCpuUs } from '../ports/cpu.ts';

const steps = 2e7;

/**
 * How fast the machine is just now: CPU time of one step of a fixed loop, in ns. A virtual machine
 * whose host has other guests counts their time as its own, and every figure of CPU grows with it.
 */
export function paceNs(): number {
  const startUs = ownCpuUs();
  let state = 1;
  for (let step = 0; step < steps; step += 1) state = (Math.imul(state, 31) + step) | 0;
  const spentUs = ownCpuUs() - startUs;
  // What nobody reads might not be computed.
  return state === 0.5 ? Number.NaN : (1000 * spentUs) / steps;
}
