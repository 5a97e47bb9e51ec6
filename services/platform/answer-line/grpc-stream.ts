import type { ClientDuplexStream, ServerDuplexStream } from '@grpc/grpc-js';
import { rawStreamMethod } from '../aggregator-link/raw-stream.ts';

/** The gateway's end of one stream, in raw frames. */
export type GatewayCall = ClientDuplexStream<Buffer, Buffer>;

/** The aggregator's end of one stream, in raw frames. */
export type AggregatorCall = ServerDuplexStream<Buffer, Buffer>;

/** `chorus.v1.Aggregator` of aggregator.proto. */
export const aggregatorMethod = rawStreamMethod('/chorus.v1.Aggregator/Connect');
