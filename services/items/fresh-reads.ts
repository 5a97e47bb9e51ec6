/**
 * Shares reads without ever giving anybody one that began before they asked: who comes while a
 * read is under way waits for the next one. So at most one read of a key runs and one is due.
 */
export function freshReads<Value>(
  read: (key: string) => Promise<Value>,
): (key: string) => Promise<Value> {
  const running = new Map<string, Promise<unknown>>();
  const due = new Map<string, Promise<Value>>();
  const start = (key: string): Promise<Value> => {
    due.delete(key);
    const reading = read(key);
    running.set(key, reading);
    const over = (): void => {
      if (running.get(key) === reading) running.delete(key);
    };
    reading.then(over, over);
    return reading;
  };
  return (key) => {
    const before = running.get(key);
    if (before === undefined) return start(key);
    const next =
      due.get(key) ??
      before.then(
        () => start(key),
        () => start(key),
      );
    due.set(key, next);
    return next;
  };
}
