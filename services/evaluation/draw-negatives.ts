/**
 * Rows of items that a user never met, all different, all equally likely.
 * @param met rows that are out of question, the held-out item's among them.
 * @param below draws a whole number, 0 to n − 1.
 * @returns `count` rows, or all that there are.
 */
export function drawNegatives(
  items: number,
  met: ReadonlySet<number>,
  count: number,
  below: (n: number) => number,
): Int32Array {
  const open: number[] = [];
  for (let row = 0; row < items; row += 1) if (!met.has(row)) open.push(row);
  const drawn = Math.min(count, open.length);
  for (let at = 0; at < drawn; at += 1) {
    const other = at + below(open.length - at);
    [open[at], open[other]] = [open[other] ?? 0, open[at] ?? 0];
  }
  return Int32Array.from(open.slice(0, drawn));
}
