import { describe, expect, it } from 'vitest';
import { contractMessages } from './contract.ts';
import { exampleValues } from './example-values.ts';
import { decodeValues, encodeValues, readGolden } from './golden-files.ts';

describe.each(contractMessages())('the bytes of $name', (message) => {
  it('are what they were when it was released, both ways', async () => {
    const cases = await readGolden(message);
    expect(cases.length, 'a new message needs `npm run proto:release`').toBeGreaterThan(0);
    for (const { values, hex } of cases) {
      expect(encodeValues(message, values)).toBe(hex);
      expect(decodeValues(message, hex)).toEqual(values);
    }
  });

  it('are golden for every field', async () => {
    const golden = (await readGolden(message)).map(({ hex }) => hex);
    for (const values of exampleValues(message.type)) {
      expect(golden, 'a new field needs `npm run proto:release`').toContain(
        encodeValues(message, values),
      );
    }
  });

  it('may hold fields of a newer writer, which an older reader skips', async () => {
    // Fields 1000 to 1003: a number, 8 bytes, a text and 4 bytes.
    const newer = ['c03e7f', 'c93e0102030405060708', 'd23e036e6577', 'dd3e01020304'].join('');
    for (const { values, hex } of await readGolden(message)) {
      expect(decodeValues(message, newer + hex + newer)).toEqual(values);
    }
  });
});
