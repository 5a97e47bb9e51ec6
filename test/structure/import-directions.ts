import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { walkImports } from './cruise.ts';
import { root, sourceFiles } from './source-files.ts';

const paths = ['main.ts', 'gateway', 'services', 'workers', 'models', 'deploy', 'proto', 'test'];
const present = paths.filter((path) => existsSync(join(root, path)));

/**
 * `npm run imports`: every import points the way of the architecture. A walk that read nothing
 * reports no violation either, so each file that git knows must be among those that were read.
 */
const { violations, seen, imports } = await walkImports(root, present);
const unseen = sourceFiles(...present).filter((path) => !seen.has(path) && !path.endsWith('.d.ts'));

for (const violation of violations) process.stderr.write(`${violation}\n`);
for (const path of unseen) process.stderr.write(`not seen: ${path}\n`);
process.stdout.write(
  `import directions: ${seen.size} modules and ${imports} imports seen, ${violations.length} violations, ${unseen.length} files not seen\n`,
);
if (violations.length > 0 || unseen.length > 0 || imports < seen.size) process.exitCode = 1;
