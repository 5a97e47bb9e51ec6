import type { Measurement } from './bench.ts';

/**
 * Every measurement by the name that `--only` takes, in the order in which they run. Loaded when
 * asked for, so that the process of one does not carry the drivers of all.
 */
export const measurements: Readonly<Record<string, () => Promise<Measurement>>> = {
  kafka: async () => (await import('./kafka.ts')).kafka,
  'reply-line': async () => (await import('./reply-line.ts')).replyLine,
  sqlite: async () => (await import('./sqlite.ts')).sqlite,
  cache: async () => (await import('./cache.ts')).cache,
  records: async () => (await import('./records.ts')).records,
  models: async () => (await import('./models.ts')).models,
};
