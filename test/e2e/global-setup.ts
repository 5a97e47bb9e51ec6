import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { root } from '../structure/source-files.ts';
import { writeSmallBundle } from './small-bundle.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder for `MODELS_DIR` with one small bundle of the recommender. */
    modelsDir: string;
  }
}

const run = promisify(execFile);

/** Builds `dist/`, so that the tests run the program that `npm start` runs, and a bundle for it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const modelsDir = await mkdtemp(join(tmpdir(), 'chorus-models-'));
  await Promise.all([build(), writeSmallBundle(modelsDir)]);
  project.provide('modelsDir', modelsDir);
  return () => rm(modelsDir, { recursive: true });
}

async function build(): Promise<void> {
  const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
  await run(process.execPath, [nest, 'build'], { cwd: root }).catch(
    ({ stdout, stderr }: { stdout: string; stderr: string }) => {
      throw new Error(`the build failed:\n${stdout}${stderr}`);
    },
  );
}
