import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { root } from './source-files.ts';

/** What a walk over a tree's imports gave. */
export interface Walk {
  /** `rule: from → to`. */
  readonly violations: readonly string[];
  /** Every file of the tree that was read. */
  readonly seen: ReadonlySet<string>;
  readonly imports: number;
}

/** Follows every import below `paths` in `folder`, under the project's own rules. */
export async function walkImports(folder: string, paths: readonly string[]): Promise<Walk> {
  const options = await extractOptions(join(root, '.dependency-cruiser.mjs'));
  const { output } = await cruise(
    [...paths],
    { ...options, baseDir: folder, validate: true, outputType: 'json' },
    undefined,
    { tsConfig: extractTsConfig(join(root, 'tsconfig.json')) },
  );
  const { modules, summary }: ICruiseResult =
    typeof output === 'string' ? JSON.parse(output) : output;
  return {
    violations: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
    seen: new Set(modules.map(({ source }) => source)),
    imports: summary.totalDependenciesCruised ?? 0,
  };
}
