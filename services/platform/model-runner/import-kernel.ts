import type { Tensor } from '../../domain/tensor.ts';
import type { Kernel, KernelModule } from './kernel.ts';

/** Loads a kernel's module and makes the kernel. */
export async function importKernel(href: string, constants: readonly Tensor[]): Promise<Kernel> {
  const module: Partial<KernelModule> = await import(href);
  if (module.createKernel === undefined) throw new TypeError(`${href} exports no createKernel`);
  return module.createKernel(constants);
}
