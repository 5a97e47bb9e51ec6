import { fitGateOnce } from '../fit-gate-once.ts';
import { fillGram } from '../gram-product.ts';
import { solveIalsRows } from '../ials-rows.ts';
import { multiplyScoresGram, projectExperts } from '../joint-head-products.ts';
import { fitLocalEase } from '../local-ease.ts';
import { countPairs } from '../pair-counts.ts';

/** The kernels: the heavy loops of training. */
interface Kernels {
  readonly fillGram: typeof fillGram;
  readonly solveIalsRows: typeof solveIalsRows;
  readonly fitGateOnce: typeof fitGateOnce;
  readonly countPairs: typeof countPairs;
  readonly fitLocalEase: typeof fitLocalEase;
  readonly multiplyScoresGram: typeof multiplyScoresGram;
  readonly projectExperts: typeof projectExperts;
}

/** What to compute: a kernel and what it reads and writes. */
export type KernelWork = {
  [Name in keyof Kernels]: {
    readonly name: Name;
    readonly input: Parameters<Kernels[Name]>[0];
  };
}[keyof Kernels];

/** Some rows of a work. */
export type KernelCall = KernelWork & { readonly from: number; readonly to: number };

/**
 * Computes the rows of one call, in whatever thread this is. A kernel writes the rows `from` …
 * `to` − 1 of its result into shared memory and touches no other, so the result never depends on
 * how many threads share the work.
 */
export async function runKernel(call: KernelCall): Promise<void> {
  const { from, to } = call;
  switch (call.name) {
    case 'fillGram':
      return await fillGram(call.input);
    case 'solveIalsRows':
      return await solveIalsRows(call.input, from, to);
    case 'fitGateOnce':
      return fitGateOnce(call.input, from, to);
    case 'countPairs':
      return countPairs(call.input, from, to);
    case 'fitLocalEase':
      return await fitLocalEase(call.input, from, to);
    case 'multiplyScoresGram':
      return await multiplyScoresGram(call.input, from, to);
    case 'projectExperts':
      return await projectExperts(call.input, from, to);
  }
}
