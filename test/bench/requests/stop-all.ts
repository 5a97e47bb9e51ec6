/** Stops one after the other, whatever becomes of those before; then throws what went wrong first. */
export async function stopAll(running: readonly { stop(): Promise<void> }[]): Promise<void> {
  const failures: unknown[] = [];
  for (const each of running) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await each.stop().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
