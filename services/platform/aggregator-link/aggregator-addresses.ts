import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { ChorusError } from '../../domain/errors.ts';
import { logger } from '../telemetry/logger.ts';

/** Finds every address of a host name. */
export type LookUp = (host: string) => Promise<readonly string[]>;

/** What the operating system resolves: /etc/hosts, then DNS. */
export const lookUpBySystem: LookUp = async (host) => {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
};

interface Target {
  readonly host: string;
  readonly port: number;
}

/** Where the setting `AGGREGATOR` (`host:port`, several by comma, `[…]` around IPv6) leads just now. */
export class AggregatorAddresses {
  readonly #targets: readonly Target[];
  readonly #lookUp: LookUp;
  readonly #known = new Map<string, readonly string[]>();
  readonly #failing = new Set<string>();

  /** @throws ChorusError `bad_setting` for a setting that is no such list */
  constructor(setting: string, lookUp: LookUp = lookUpBySystem) {
    this.#targets = setting.split(',').map(readTarget);
    this.#lookUp = lookUp;
  }

  /** All addresses as grpc-js targets (`ipv4:10.0.0.1:8003`). A name that fails keeps what it had. */
  async resolve(): Promise<ReadonlySet<string>> {
    const all = await Promise.all(this.#targets.map((target) => this.#resolveOne(target)));
    return new Set(all.flat());
  }

  async #resolveOne({ host, port }: Target): Promise<string[]> {
    try {
      this.#known.set(host, await this.#lookUp(host));
      this.#failing.delete(host);
    } catch (error) {
      // Asked every few seconds: one line when it begins.
      const { message } = ChorusError.from(error);
      if (!this.#failing.has(host)) logger.warn({ host, message }, 'aggregator not found by name');
      this.#failing.add(host);
    }
    const addresses = this.#known.get(host) ?? [];
    return addresses.map((ip) => (isIPv6(ip) ? `ipv6:[${ip}]:${port}` : `ipv4:${ip}:${port}`));
  }
}

function readTarget(text: string): Target {
  const match = /^\s*(?:\[([\da-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})\s*$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port > 0 && port < 65_536)) {
    throw new ChorusError(
      'bad_setting',
      `AGGREGATOR must be host:port, several by comma; ${JSON.stringify(text)} is not`,
      { field: 'AGGREGATOR' },
    );
  }
  return { host, port };
}
