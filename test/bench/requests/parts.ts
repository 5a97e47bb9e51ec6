import { distributed } from './distributed.ts';
import { embedded } from './embedded.ts';
import { eventLoop } from './event-loop.ts';
import { foldIn } from './fold-in.ts';
import type { Part } from './part.ts';

/** Every part, by the name for `--case`. */
export const parts: Readonly<Record<string, Part>> = {
  embedded,
  distributed: distributed(
    'Distributed: gateway, aggregator and workers in a process each, on Kafka, PostgreSQL and Redis',
    false,
  ),
  beside: distributed('Distributed, with the aggregator in the gateway’s process', true),
  'event-loop': eventLoop,
  'fold-in': foldIn,
};
