/** Whom a load asks for and what it may name. */
export interface AskedWorld {
  readonly users: readonly string[];
  readonly items: readonly string[];
}

/** A request as a gRPC message: five bytes of prefix, then the protobuf. */
export type RequestBody = Buffer;

/** Numbers of the fields in `RecommendRequest` (`proto/chorus/v1/recommender.proto`). */
const field = { userId: 2, candidates: 4, exclude: 5 } as const;
const itemIdsOfCandidates = 1;
const grpcPrefixBytes = 5;

/**
 * Different requests, encoded beforehand as far as they do not change. Each names a user, the
 * candidates (none: the whole catalogue) and two items to leave out, which are no candidates. The
 * known request of a user stays the same until all are renewed; a fresh one leaves out a pair that
 * nobody named before, so that no cache can have its answer while everything else is as in the
 * known one.
 */
export class RequestBodies {
  readonly #starts: readonly Buffer[];
  readonly #excludes: readonly Buffer[];
  readonly #candidates: number;
  #nextUser = 0;
  #round: number;
  #knownRound = 0;

  /** @param round up to which a fresh one was made before: the `round` of earlier bodies, or 0. */
  constructor({ users, items }: AskedWorld, candidates: number, round: number) {
    this.#candidates = candidates;
    this.#round = round;
    this.#excludes = items.map((item) => textField(field.exclude, item));
    this.#starts = users.map((user, index) =>
      Buffer.concat([
        textField(field.userId, user),
        candidates === 0 ? Buffer.alloc(0) : candidatesField(items, candidates, index),
      ]),
    );
  }

  /** How many known requests there are: one for each user. */
  get users(): number {
    return this.#starts.length;
  }

  /** How often every user had a fresh request, counting one that was begun. */
  get round(): number {
    return this.#round;
  }

  /** The known request of a user. */
  known(user: number): RequestBody {
    return this.#body(user % this.users, this.#knownRound);
  }

  /** Makes others the known ones, which nobody made before. */
  renewKnown(): void {
    this.#round += 1;
    this.#nextUser = 0;
    this.#knownRound = this.#round;
  }

  /** A request that was never made before, of one user after the other. */
  fresh(): RequestBody {
    if (this.#nextUser === 0) this.#round += 1;
    const user = this.#nextUser;
    this.#nextUser = (user + 1) % this.users;
    return this.#body(user, this.#round);
  }

  /** @param pair which two of the items that are no candidates are left out. */
  #body(user: number, pair: number): RequestBody {
    const count = this.#excludes.length;
    const others = count - this.#candidates;
    const apart = 1 + Math.floor(pair / others);
    // Apart by less than half of them, so that no pair comes back the other way round.
    if (apart >= others / 2) throw new Error('every pair of items was named already');
    const first = pair % others;
    const second = (first + apart) % others;
    const exclude = (index: number): Buffer =>
      this.#excludes[(user + this.#candidates + index) % count] ?? Buffer.alloc(0);
    return grpcMessage([this.#starts[user] ?? Buffer.alloc(0), exclude(first), exclude(second)]);
  }
}

/** As many items as wanted, in the order of the catalogue from another one for each user. */
function candidatesField(items: readonly string[], candidates: number, user: number): Buffer {
  const ids = Array.from({ length: candidates }, (_, index) =>
    textField(itemIdsOfCandidates, items[(user + index) % items.length] ?? ''),
  );
  return bytesField(field.candidates, Buffer.concat(ids));
}

function grpcMessage(parts: readonly Buffer[]): Buffer {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  const message = Buffer.allocUnsafe(grpcPrefixBytes + bytes);
  message.writeUInt8(0, 0);
  message.writeUInt32BE(bytes, 1);
  let at = grpcPrefixBytes;
  for (const part of parts) at += part.copy(message, at);
  return message;
}

function textField(number: number, text: string): Buffer {
  return bytesField(number, Buffer.from(text));
}

function bytesField(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
