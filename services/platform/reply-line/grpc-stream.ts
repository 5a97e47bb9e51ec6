import type { ClientDuplexStream, ServerDuplexStream } from '@grpc/grpc-js';
import { rawStreamMethod } from '../aggregator-link/raw-stream.ts';

/** The worker's end of one stream, in raw frames. */
export type WorkerCall = ClientDuplexStream<Buffer, Buffer>;

/** The aggregator's end of one stream, in raw frames. */
export type AggregatorCall = ServerDuplexStream<Buffer, Buffer>;

/** `chorus.v1.ReplyLine` of tasks.proto. */
export const replyLineMethod = rawStreamMethod('/chorus.v1.ReplyLine/Connect');
