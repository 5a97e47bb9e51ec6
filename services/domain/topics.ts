/** One topic as Chorus declares it; a broker's topic with fewer partitions stops the start. */
export interface Topic {
  readonly name: string;
  readonly partitions: number;
  /** How long records are kept, in ms; `Infinity` for a compacted topic. */
  readonly retentionMs: number;
  /** Whether acknowledged records survive the process. The embedded log keeps the others in memory. */
  readonly durable: boolean;
  /** Keeps the newest record of each key for ever, instead of all records for a time. */
  readonly compacted: boolean;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** Slots that worker processes can own: the partitions of every task topic. */
export const taskPartitions = 16;

/** The topic on which one expert receives its share of requests. Not durable: the waiting request re-dispatches. */
export function taskTopic(mixture: string, expert: string): Topic {
  return {
    name: `moe.tasks.${mixture}.${expert}`,
    partitions: taskPartitions,
    retentionMs: 5 * minuteMs,
    durable: false,
    compacted: false,
  };
}

/** Accepted jobs, relayed from the outbox. */
export const jobsTopic = durable('moe.jobs', 8, 7 * dayMs);
/** What each answer showed. Keyed by user and co-partitioned with feedback. */
export const exposuresTopic = durable('moe.exposures', 8, 30 * dayMs);
/** What users did. Keyed by user and co-partitioned with exposures. */
export const feedbackTopic = durable('moe.feedback', 8, 30 * dayMs);
/** Announcements of registered and promoted bundles; the records hold the truth. */
export const bundlesTopic: Topic = { ...durable('moe.bundles', 1, Infinity), compacted: true };

/**
 * Key of everything that concerns one user, on every topic that is keyed by user: equal keys on
 * topics of as many partitions lie in the same partition.
 */
export function userRecordKey(tenant: string, userId: string): string {
  // The length keeps tenant a/b with user c apart from tenant a with user b/c.
  return `${tenant.length}.${tenant}/${userId}`;
}

/** Where the records of `topic` go that failed every delivery. */
export function deadTopic(topic: Topic): Topic {
  return { ...durable(`${topic.name}.dead`, topic.partitions, 30 * dayMs) };
}

function durable(name: string, partitions: number, retentionMs: number): Topic {
  return { name, partitions, retentionMs, durable: true, compacted: false };
}
