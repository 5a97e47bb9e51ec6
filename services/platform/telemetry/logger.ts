import { destination, pino, stdTimeFunctions, type Logger } from 'pino';

/**
 * One JSON line for each event that matters, on stderr: standard output belongs to a command's
 * result. Lines carry ids, counts and durations, never bodies, tokens or anything a user wrote.
 */
export const logger: Logger = pino(
  { base: null, level: 'info', timestamp: stdTimeFunctions.isoTime },
  destination({ fd: 2, sync: true }),
);
