/** A column of a table. */
export interface FigureColumn {
  /** Name in a `Reading`. */
  readonly figure: string;
  readonly title: string;
  /** Whether lowest and highest stand beside the median. */
  readonly hasSpread: boolean;
}

/** What columns there may be, besides one for each process; those without any figure are left out. */
export const figureColumns: readonly FigureColumn[] = [
  { figure: 'perSecond', title: 'requests/s', hasSpread: true },
  { figure: 'servingUs', title: 'serving thread, µs', hasSpread: true },
  { figure: 'allUs', title: 'all threads and processes, µs', hasSpread: true },
  { figure: 'records', title: 'records', hasSpread: false },
  { figure: 'recordUs', title: 'µs per record', hasSpread: false },
  { figure: 'experts', title: 'experts', hasSpread: false },
  { figure: 'p50Ms', title: 'P50, ms', hasSpread: false },
  { figure: 'p99Ms', title: 'P99, ms', hasSpread: false },
  { figure: 'delayP99Ms', title: 'loop delay P99, ms', hasSpread: false },
  { figure: 'delayP999Ms', title: 'loop delay P99.9, ms', hasSpread: false },
  { figure: 'loadUs', title: 'load, µs', hasSpread: false },
];
