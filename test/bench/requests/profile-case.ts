import { join } from 'node:path';
import type { LoadCase } from './load-case.ts';
import { selfTimes } from './self-times.ts';

const shownFunctions = 25;

/** Profiles the main thread of every process of Node that takes part, over one run. */
export async function profileCase(
  { name, subject }: LoadCase,
  run: () => Promise<void>,
  folder: string,
  say: (text: string) => void,
): Promise<void> {
  const probed = subject.members.flatMap(({ name: member, probe }) =>
    probe === undefined ? [] : [{ member, probe }],
  );
  await Promise.all(probed.map(({ probe }) => probe.startProfile()));
  await run();
  for (const { member, probe } of probed) {
    const file = join(folder, `${name}-${member.replaceAll(/\W+/g, '-')}.cpuprofile`);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await probe.stopProfile(file);
    say(`profile of ${member}: ${file}`);
    // oxlint-disable-next-line no-await-in-loop
    for (const { place, share } of await selfTimes(file, shownFunctions)) {
      say(`${(share * 100).toFixed(1).padStart(7)} %  ${place}`);
    }
  }
}
