import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../structure/source-files.ts';

/** Builds `dist/` once, so that the tests run the program that `npm start` runs. */
export function setup(): void {
  const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
  execFileSync(process.execPath, [nest, 'build'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
