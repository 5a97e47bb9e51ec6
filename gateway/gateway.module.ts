import { Module, type DynamicModule } from '@nestjs/common';
import type { Platform } from '../services/platform/platform.ts';
import { PlatformModule } from '../services/platform/platform.module.ts';
import { Health } from '../services/platform/telemetry/health.ts';
import { HealthController } from './http/health.controller.ts';
import { RecommendController } from './http/recommend.controller.ts';
import { Recommending } from './recommending.ts';

/** The front door's controllers, on the parts of an open platform. */
@Module({})
export class GatewayModule {
  static of(platform: Platform, health: Health, recommending: Recommending): DynamicModule {
    return {
      module: GatewayModule,
      imports: [PlatformModule.of(platform)],
      controllers: [HealthController, RecommendController],
      providers: [
        { provide: Health, useValue: health },
        { provide: Recommending, useValue: recommending },
      ],
    };
  }
}
