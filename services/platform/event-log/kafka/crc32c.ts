/** Castagnoli's polynomial, bits reversed; Kafka's choice for record batches (RFC 3720, appendix B.4). */
const polynomial = 0x82f63b78;
/** Row r of 256: what a byte does to the checksum from r places before the end of a group of four. */
const tables = makeTables();

/** CRC-32C of `bytes[from, to)`, four bytes at a time: a third of the time of one at a time. */
export function crc32c(bytes: Uint8Array, from: number, to: number): number {
  let crc = -1;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    crc ^= byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16);
    crc ^= byte(bytes, at + 3) << 24;
    crc =
      row(3, crc & 0xff) ^
      row(2, (crc >>> 8) & 0xff) ^
      row(1, (crc >>> 16) & 0xff) ^
      row(0, crc >>> 24);
  }
  for (; at < to; at += 1) crc = row(0, (crc ^ byte(bytes, at)) & 0xff) ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function row(place: number, value: number): number {
  return tables[place * 256 + value] ?? 0;
}

function makeTables(): Int32Array {
  const made = new Int32Array(4 * 256);
  for (let value = 0; value < 256; value += 1) {
    let crc = value;
    for (let bit = 0; bit < 8; bit += 1)
      crc = (crc & 1) === 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    made[value] = crc;
  }
  for (let index = 256; index < made.length; index += 1) {
    const before = made[index - 256] ?? 0;
    made[index] = (made[before & 0xff] ?? 0) ^ (before >>> 8);
  }
  return made;
}
