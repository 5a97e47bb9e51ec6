import { Peer } from '../ports/peer.ts';
import type { AskedWorld } from './request-bodies.ts';

/** Whom a load asks, for what. */
export interface LoadTarget extends AskedWorld {
  /** `host:port` of the gRPC port. */
  readonly address: string;
  /** Candidates of each request; 0: the whole catalogue. */
  readonly candidates: number;
}

/** One window of load. */
export interface LoadOrder {
  /** Of 100 requests so many were never made before; the others are known ones. */
  readonly freshOf100: number;
  /** Whether answers must be as fresh or known as their requests. An empty handler knows neither. */
  readonly checked: boolean;
  /** Requests in flight, each followed by the next; or else `perSecond`. */
  readonly inFlight?: number;
  /** Requests that begin each second, whatever became of those before. */
  readonly perSecond?: number;
  readonly forMs: number;
}

/** What a window of load saw. */
export interface LoadWindow {
  readonly answers: number;
  readonly wallUs: number;
  /** CPU time of the load itself. */
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Experts of an answer that was computed, on average; NaN when none was. */
  readonly meanExperts: number;
  /** What was not as it should be, in words, and how often. */
  readonly wrong: Readonly<Record<string, number>>;
}

/** What the process of a load answers. */
export type RecommendLoader = {
  aim(target: LoadTarget): Promise<void>;
  prime(): Promise<LoadWindow>;
  run(order: LoadOrder): Promise<LoadWindow>;
};

/** A load of gRPC `Recommend` in a process of its own. */
export class RecommendLoad {
  readonly #process = new Peer<RecommendLoader>(
    new URL('recommend-load-process.ts', import.meta.url),
  );

  /** Connects, and leaves whom it asked before. */
  aim(target: LoadTarget): Promise<void> {
    return this.#process.ask('aim', target);
  }

  /** Makes every known request once, so that its answer is remembered. */
  prime(): Promise<LoadWindow> {
    return this.#process.ask('prime');
  }

  run(order: LoadOrder): Promise<LoadWindow> {
    return this.#process.ask('run', order);
  }

  close(): Promise<void> {
    return this.#process.stop();
  }
}
