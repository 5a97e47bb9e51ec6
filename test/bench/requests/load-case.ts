import type { Subject } from './subject.ts';

/** One line of a table: a kind of request at a kind of load. */
export interface LoadCase {
  /** For `--case`. */
  readonly name: string;
  /** In words. */
  readonly title: string;
  readonly subject: Subject;
  readonly surface: 'grpc' | 'http';
  /** Candidates of each request; 0: the whole catalogue. HTTP's short form has none. */
  readonly candidates: number;
  /** Of 100 requests so many were never made before. */
  readonly freshOf100: number;
  /** Whether answers must be as new or known as their requests; an empty handler knows neither. */
  readonly checked: boolean;
  /** Requests that begin each second, 0 for none; absent: 64 in flight, each followed by the next. */
  readonly perSecond?: number;
  /** How many times the usual window it lasts; 1 unless told. */
  readonly windows?: number;
}

/** Requests in flight of every closed loop. */
export const inFlight = 64;
/** Candidates of a request that names some. */
export const someCandidates = 100;

/** The lines that every part begins with: what the transport costs by itself. */
export function emptyCases(empty: Subject, emptyWithItems: Subject): readonly LoadCase[] {
  const floor = {
    surface: 'grpc',
    candidates: someCandidates,
    freshOf100: 0,
    checked: false,
  } as const;
  return [
    { ...floor, name: 'empty', title: 'empty handler', subject: empty },
    {
      ...floor,
      name: 'empty-items',
      title: 'empty handler that answers ten fixed items',
      subject: emptyWithItems,
    },
  ];
}

/** Requests with candidates: all remembered, 85 of 100, none. */
export function recommendCases(
  subject: Subject,
  load: Pick<LoadCase, 'perSecond' | 'windows'> = {},
): readonly LoadCase[] {
  const candidates = someCandidates;
  const asked = { subject, surface: 'grpc', candidates, checked: true, ...load } as const;
  return [
    { ...asked, name: 'hit', title: '100 % cache hits', freshOf100: 0 },
    { ...asked, name: '85', title: '85 % cache hits', freshOf100: 15 },
    { ...asked, name: 'miss', title: '0 % cache hits', freshOf100: 100 },
  ];
}
