import { hash } from 'node:crypto';
import { ownCpuUs } from '../ports/cpu.ts';

const block = Buffer.alloc(1 << 20, 'pace');
const blocks = 32;
const kib = (blocks * block.byteLength) / 1024;

/**
 * How fast the machine is just now: CPU time of hashing a KiB, in ns. A virtual machine whose host has
 * other guests counts their time as its own, and every figure of CPU grows with it. Native code, because
 * a loop of our own took five times as long whenever V8 had thrown away what it had compiled of it.
 */
export function paceNs(): number {
  const startUs = ownCpuUs();
  for (let count = 0; count < blocks; count += 1) hash('sha256', block);
  return (1000 * (ownCpuUs() - startUs)) / kib;
}
