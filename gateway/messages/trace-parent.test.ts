import { expect, test } from 'vitest';
import { traceParent } from './trace-parent.ts';

const ids = '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331';

test.each([`00-${ids}-01`, `00-${ids}-00`, `01-${ids}-01-more`])(
  '%s is taken as it is',
  (header) => {
    expect(traceParent(header)).toBe(header);
  },
);

test.each([
  undefined,
  [`00-${ids}-01`],
  '',
  'a trace',
  `ff-${ids}-01`,
  `00-${ids.toUpperCase()}-01`,
  `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
  `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
  `01-${ids}-01-${'x'.repeat(128)}`,
])('%j is no trace', (header) => {
  expect(traceParent(header)).toBe('');
});
