import { describe } from 'vitest';
import { RealClock } from '../clock/real-clock.ts';
import { RealRandom } from '../random/real-random.ts';
import { cacheContract } from './cache.contract.ts';
import { EmbeddedCache } from './embedded-cache.ts';

describe('embedded cache', () => {
  cacheContract(async () => {
    const maxBytes = 8 * 1024 * 1024;
    return new EmbeddedCache({ clock: new RealClock(), random: new RealRandom(), maxBytes });
  });
});
