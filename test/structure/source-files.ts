import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** TypeScript files of the repository under these paths, committed or about to be, as git names them. */
export function sourceFiles(...paths: string[]): string[] {
  const list = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '--', ...paths],
    { cwd: root, encoding: 'utf8' },
  );
  const deleted = execFileSync('git', ['ls-files', '--deleted', '--', ...paths], {
    cwd: root,
    encoding: 'utf8',
  });
  const gone = new Set(deleted.split('\n'));
  return list.split('\n').filter((path) => path.endsWith('.ts') && !gone.has(path));
}
