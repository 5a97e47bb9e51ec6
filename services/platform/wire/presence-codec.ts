import { chorus } from '../../../proto/generated/internal.js';
import type { Presence } from '../../domain/presence.ts';
import { decodeMessage } from './decode-message.ts';
import { encodeMessage } from './encode-message.ts';

const wire = chorus.v1;

/** What a worker says of itself, alone; on the reply line it is a field of the worker's frame. */
export function encodePresence(presence: Presence): Buffer {
  return encodeMessage(presence, wire.Presence.encode);
}

/**
 * The presence in `bytes`.
 * @throws ChorusError `invalid_argument` for bytes that are none
 */
export function decodePresence(bytes: Uint8Array): Presence {
  return decodeMessage('chorus.v1.Presence', bytes, (input) =>
    presenceFromWire(wire.Presence.decode(input)),
  );
}

/** The domain's presence of a decoded one. */
export function presenceFromWire(presence: chorus.v1.Presence): Presence {
  const { load } = presence;
  return {
    workerId: presence.workerId,
    slot: presence.slot,
    experts: presence.experts.map(({ mixture, expert }) => ({ mixture, expert })),
    readyBundles: presence.readyBundles.map(({ mixture, bundle }) => ({ mixture, bundle })),
    load: {
      inFlight: load?.inFlight ?? 0,
      queued: load?.queued ?? 0,
      capacity: load?.capacity ?? 0,
    },
  };
}
