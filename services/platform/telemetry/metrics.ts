import { Counter, Gauge, Registry } from 'prom-client';
import { QuickCounter } from './quick-counter.ts';
import { QuickHistogram } from './quick-histogram.ts';

/** Every metric of this process, as `/metrics` shows it. */
export const registry = new Registry();

const secondsBuckets = [0.0001, 0.0003, 0.001, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5];
const registers = [registry];

/** Every metric that Chorus exposes. Labels never hold a user, a tenant, a path or an id. */
export const metrics = {
  requests: new QuickCounter({
    name: 'moe_requests_total',
    help: 'Requests that ended, by surface (http, grpc), lane and outcome (ok, degraded or an error code)',
    labelNames: ['surface', 'lane', 'outcome'] as const,
    registers,
  }),
  requestDuration: new QuickHistogram({
    name: 'moe_request_duration_seconds',
    help: 'From arrival to answer',
    labelNames: ['surface', 'lane'] as const,
    buckets: secondsBuckets,
    registers,
  }),
  stageDuration: new QuickHistogram({
    name: 'moe_stage_duration_seconds',
    help: 'Time that computed answers spent in one stage (lookup, features, route, experts, rank)',
    labelNames: ['stage'] as const,
    buckets: secondsBuckets,
    registers,
  }),
  cacheLookups: new QuickCounter({
    name: 'moe_cache_lookups_total',
    help: 'Cache reads, by space, tier (near, shared) and result (hit, miss, error)',
    labelNames: ['space', 'tier', 'result'] as const,
    registers,
  }),
  cacheFailures: new QuickCounter({
    name: 'moe_cache_failures_total',
    help: 'Calls that the shared cache did not answer, by operation',
    labelNames: ['operation'] as const,
    registers,
  }),
  preparedUsers: new QuickCounter({
    name: 'moe_prepared_users_total',
    help: 'Requests by how their user was had: hit (prepared before), joined (being prepared for another request), miss, session (never kept), old_base (a miss whose base vector was not ready in time)',
    labelNames: ['result'] as const,
    registers,
  }),
  routeExperts: new QuickHistogram({
    name: 'moe_route_experts',
    help: 'Experts chosen per request',
    buckets: [0, 1, 2, 3, 4],
    registers,
  }),
  expertTasks: new QuickCounter({
    name: 'moe_expert_tasks_total',
    help: 'Tasks that ended, by expert and outcome (answered or an error code)',
    labelNames: ['expert', 'outcome'] as const,
    registers,
  }),
  expertQueue: new QuickHistogram({
    name: 'moe_expert_queue_seconds',
    help: 'From a task’s arrival at its worker to the start of its run',
    buckets: secondsBuckets,
    registers,
  }),
  expertRun: new QuickHistogram({
    name: 'moe_expert_run_seconds',
    help: 'Model runs, one observation per batch',
    buckets: secondsBuckets,
    registers,
  }),
  batchRows: new QuickHistogram({
    name: 'moe_batch_rows',
    help: 'Rows per model run',
    labelNames: ['expert'] as const,
    buckets: [1, 2, 4, 8, 16, 32, 64, 128],
    registers,
  }),
  batchReleases: new QuickCounter({
    name: 'moe_batch_releases_total',
    help: 'Micro-batches, by expert and the reason that released them',
    labelNames: ['expert', 'reason'] as const,
    registers,
  }),
  expired: new QuickCounter({
    name: 'moe_expired_total',
    help: 'Work dropped because its budget had run out, by hop',
    labelNames: ['hop'] as const,
    registers,
  }),
  repliesDropped: new QuickCounter({
    name: 'moe_replies_dropped_total',
    help: 'Replies nobody could use, by reason (late, double, other_bundle, gone, overflow)',
    labelNames: ['reason'] as const,
    registers,
  }),
  redispatches: new Counter({
    name: 'moe_redispatches_total',
    help: 'Tasks sent again because their worker broke',
    registers,
  }),
  workersPresent: new Gauge({
    name: 'moe_workers_present',
    help: 'Workers that this aggregator can reach',
    registers,
  }),
  logRecords: new Counter({
    name: 'moe_log_records_total',
    help: 'Records of the event log, by topic and operation (publish, handle, redeliver, dead)',
    labelNames: ['topic', 'operation'] as const,
    registers,
  }),
  logFailures: new QuickCounter({
    name: 'moe_log_failures_total',
    help: 'Event-log calls that failed, by operation',
    labelNames: ['operation'] as const,
    registers,
  }),
  exposures: new QuickCounter({
    name: 'moe_exposures_total',
    help: 'Exposures of answers, by outcome (sent, dropped: the buffer was full, failed: the log did not take them)',
    labelNames: ['outcome'] as const,
    registers,
  }),
  bundleInfo: new Gauge({
    name: 'moe_bundle_info',
    help: '1 for each bundle that this process holds',
    labelNames: ['mixture', 'bundle'] as const,
    registers,
  }),
  eventLoopDelay: new Gauge({
    name: 'moe_eventloop_delay_seconds',
    help: 'Delay of the serving thread’s event loop over the last 10 s, by quantile',
    labelNames: ['quantile'] as const,
    registers,
  }),
} as const;
