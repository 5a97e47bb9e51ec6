import { readFile, writeFile } from 'node:fs/promises';
import { contractMessages, readProtos } from './contract.ts';
import { exampleValues } from './example-values.ts';
import { generatedModules } from './generate.ts';
import { encodeValues, readGolden, writeGolden } from './golden-files.ts';
import { breakingChanges, describeFields, type ReleasedFields } from './released-fields.ts';

const releasedFile = new URL('released-fields.json', import.meta.url);

/** The contract that clients were built against. */
export async function readReleased(): Promise<ReleasedFields> {
  return JSON.parse(await readFile(releasedFile, 'utf8'));
}

/** The contract as the .proto files say it now. */
export function currentFields(): ReleasedFields {
  return describeFields(readProtos(generatedModules.flatMap(({ protos }) => protos)));
}

/**
 * Adds what is new to the released contract and to the golden files; changes nothing that is in them.
 * @throws Error when something released has changed or is gone
 */
async function release(): Promise<void> {
  const current = currentFields();
  const changes = breakingChanges(await readReleased(), current);
  if (changes.length > 0)
    throw new Error(`a released contract never changes:\n${changes.join('\n')}`);
  await writeFile(releasedFile, `${JSON.stringify(current, undefined, 2)}\n`);
  await Promise.all(
    contractMessages().map(async (message) => {
      const known = await readGolden(message);
      const fresh = exampleValues(message.type)
        .map((values) => ({ values, hex: encodeValues(message, values) }))
        .filter(({ hex }) => known.every((golden) => golden.hex !== hex));
      if (fresh.length > 0) await writeGolden(message, [...known, ...fresh]);
    }),
  );
}

if (import.meta.main) await release();
