/** Chance, as everything in Chorus sees it; a seeded twin replays a run. */
export interface Random {
  /** Uniform in [0, 1). Not for secrets. */
  uniform(): number;
  /** A new unguessable id: 22 characters of base64url, 128 bits. */
  id(): string;
  /** Unguessable bytes, for keys and tokens. */
  bytes(count: number): Uint8Array;
}
