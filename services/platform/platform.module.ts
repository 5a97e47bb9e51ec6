import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { ANSWER_LINE } from './answer-line/answer-line.ts';
import { CACHE } from './cache/cache.ts';
import { CLOCK } from './clock/clock.ts';
import { EVENT_LOG } from './event-log/event-log.ts';
import { MODEL_RUNNER } from './model-runner/model-runner.ts';
import type { Platform } from './platform.ts';
import { RANDOM } from './random/random.ts';
import { RECORDS } from './records/records.ts';
import { AGGREGATOR_LINE, WORKER_LINE } from './reply-line/reply-line.ts';
import { SETTINGS } from './settings.ts';

/** Hands the parts of an open platform to Nest. Nest never closes them: the process does, last. */
@Module({})
export class PlatformModule {
  /** The parts of `platform` under their tokens; a line that this process lacks is `null`. */
  static of(platform: Platform): DynamicModule {
    const providers: Provider[] = [
      { provide: SETTINGS, useValue: platform.settings },
      { provide: CLOCK, useValue: platform.clock },
      { provide: RANDOM, useValue: platform.random },
      { provide: EVENT_LOG, useValue: platform.log },
      { provide: RECORDS, useValue: platform.records },
      { provide: CACHE, useValue: platform.cache },
      { provide: MODEL_RUNNER, useValue: platform.modelRunner },
      { provide: AGGREGATOR_LINE, useValue: platform.aggregatorLine ?? null },
      { provide: WORKER_LINE, useValue: platform.workerLine ?? null },
      { provide: ANSWER_LINE, useValue: platform.answerLine ?? null },
    ];
    return { module: PlatformModule, global: true, providers, exports: providers };
  }
}
