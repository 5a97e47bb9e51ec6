import { Module, type DynamicModule } from '@nestjs/common';
import { Health } from '../services/platform/telemetry/health.ts';
import { HealthController } from './http/health.controller.ts';
import { ItemsController } from './http/items.controller.ts';
import { OpenapiController } from './http/openapi.controller.ts';
import { RecommendController } from './http/recommend.controller.ts';
import { UsersController } from './http/users.controller.ts';
import { ItemDesk } from './item-desk.ts';
import { Recommending } from './recommending.ts';
import { UserDesk } from './user-desk.ts';

/** Who answers behind the front door, the same for both surfaces. */
export interface Desks {
  readonly recommending: Recommending;
  readonly users: UserDesk;
  readonly items: ItemDesk;
}

/** Every controller of the HTTP surface. */
export const controllers = [
  HealthController,
  ItemsController,
  OpenapiController,
  RecommendController,
  UsersController,
];

/** The front door's controllers, and who answers behind them. */
@Module({})
export class GatewayModule {
  static of(health: Health, desks: Desks): DynamicModule {
    return {
      module: GatewayModule,
      controllers,
      providers: [
        { provide: Health, useValue: health },
        { provide: Recommending, useValue: desks.recommending },
        { provide: UserDesk, useValue: desks.users },
        { provide: ItemDesk, useValue: desks.items },
      ],
    };
  }
}
