/** The values of a metric's labels; one that is left out stays out of the series' name. */
export type Labels<Label extends string> = Partial<Record<Label, string | number>>;

/** What tells one series of a metric from another. */
export function seriesKey<Label extends string>(
  names: readonly Label[],
  labels: Labels<Label>,
): string {
  const [first, second, third] = names;
  if (first === undefined) return '';
  if (second === undefined) return String(labels[first]);
  // Values hold no line ends: they are words of our own.
  if (third === undefined) return `${labels[first]}\n${labels[second]}`;
  return names.map((name) => labels[name]).join('\n');
}
