import { isIP } from 'node:net';
import { z } from 'zod';
import type { ExpertRef } from '../domain/presence.ts';
import { roleNames, type RoleName } from '../domain/role.ts';

/** `0` to `65535`. */
export const port = from('a port from 0 to 65535', (text) => wholeNumber(text, 0, 65_535));

/** A duration in ms, at least 1 and at most ten minutes. */
export const milliseconds = from('whole milliseconds from 1 to 600000', (text) =>
  wholeNumber(text, 1, 600_000),
);

/** A slot's number, or `hostname`: the ordinal at the end of this machine's name. */
export const slot = from('a whole number from 0, or hostname', (text) =>
  text === 'hostname' ? text : wholeNumber(text, 0, 999_999_999),
);

/** An IP address or a host name. */
export const host = from('an IP address or a host name', (text) =>
  isHost(text) ? text : undefined,
);

/** A path. */
export const folder = from('a path', (text) => (text.includes('\0') ? undefined : text));

/** Role names by comma, each once. */
export const roles = from(`roles by comma, each once, of ${roleNames.join(', ')}`, (text) =>
  listOf(text, (name): RoleName | undefined => roleNames.find((role) => role === name)),
);

/** `host:port` by comma. */
export const addresses = from('host:port, several by comma, each once', (text) =>
  listOf(text, (address) => (isAddress(address) ? address : undefined)),
);

/** `all`, or `<mixture>.<expert>` by comma. */
export const experts = from('all, or mixture.expert by comma, as recommender.1', (text) =>
  text === 'all' ? 'all' : expertRefs(text),
);

/** Origins as browsers send them, by comma; or `*`. */
export const origins = from('* or origins by comma, as https://shop.example', (text) =>
  listOf(text, (origin) => (isOrigin(origin) ? origin : undefined)),
);

/** Where PostgreSQL is. */
export const databaseUrl = from('postgres://user@host:port/database', (text) =>
  isUrlOf(text, ['postgres:', 'postgresql:']) ? text : undefined,
);

/** Where Redis is. */
export const redisUrl = from('redis://host:port', (text) =>
  isUrlOf(text, ['redis:', 'rediss:']) ? text : undefined,
);

/** A value as an error may show it: without what stands before an `@`, where passwords do. */
export function shown(text: string): string {
  return `"${text.slice(0, 200).replace(/^.*@/s, '***@')}"`;
}

/** A URL as an error may show it: its scheme and host alone, and nothing where these are in doubt. */
export function shownUrl(text: string): string {
  const url = URL.parse(text);
  const isClear = url !== null && url.host !== '' && !url.pathname.includes('@');
  return isClear ? `"${url.protocol}//${url.host}"` : 'not shown, as it may hold a password,';
}

function from<Value>(expected: string, read: (text: string) => Value | undefined) {
  return z.string().transform((text, context) => {
    const value = read(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: expected });
    return z.NEVER;
  });
}

function wholeNumber(text: string, least: number, most: number): number | undefined {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}

function listOf<Item>(
  text: string,
  read: (text: string) => Item | undefined,
): readonly Item[] | undefined {
  const parts = text.split(',').map((part) => part.trim());
  const items = parts.flatMap((part) => read(part) ?? []);
  return items.length === parts.length && new Set(parts).size === parts.length ? items : undefined;
}

function expertRefs(text: string): readonly ExpertRef[] | undefined {
  return listOf(text, (name) => {
    const [, mixture, expert] = /^([a-z0-9-]+)\.([a-z0-9_-]+)$/.exec(name) ?? [];
    return mixture === undefined || expert === undefined ? undefined : { mixture, expert };
  });
}

function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^(?=.{1,253}$)[a-z0-9_]([a-z0-9._-]*[a-z0-9])?$/i.test(text);
}

function isAddress(text: string): boolean {
  const [, bracketed, name, number] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
  const known = bracketed === undefined ? isHost(name ?? '') : isIP(bracketed) === 6;
  return known && wholeNumber(number ?? '', 1, 65_535) !== undefined;
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return text === '*' || (url !== null && /^https?:$/.test(url.protocol) && url.origin === text);
}

function isUrlOf(text: string, schemes: readonly string[]): boolean {
  const url = URL.parse(text);
  // An `@` in the path is the end of a password with an unescaped `/` in it.
  const isClear = url !== null && url.hostname !== '' && !url.pathname.includes('@');
  return isClear && schemes.includes(url.protocol);
}
