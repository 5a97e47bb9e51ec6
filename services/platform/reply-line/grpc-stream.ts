import {
  type ChannelOptions,
  type ClientDuplexStream,
  type ServerDuplexStream,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { maxMessageBytes } from './reply-frames.ts';

/** The worker's end of one stream, in raw frames. */
export type WorkerCall = ClientDuplexStream<Buffer, Buffer>;

/** The aggregator's end of one stream, in raw frames. */
export type AggregatorCall = ServerDuplexStream<Buffer, Buffer>;

/** `chorus.v1.ReplyLine` of tasks.proto, with frames left as bytes. */
export const replyLineService = {
  connect: {
    path: '/chorus.v1.ReplyLine/Connect',
    requestStream: true,
    responseStream: true,
    // The static codecs run in our handlers: a deserializer that throws inside grpc-js answers
    // INTERNAL and hides why.
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  },
} as const satisfies ServiceDefinition;

const keepaliveMs = 2000;

const eitherEnd: ChannelOptions = {
  'grpc.max_receive_message_length': maxMessageBytes,
  // Unlimited by default: the receiver would find out, by ending the stream.
  'grpc.max_send_message_length': maxMessageBytes,
  // A peer that is stopped (SIGSTOP, a host that vanished) closes no socket. A ping after 2 s of
  // silence and 2 s to answer it: found within 4 s.
  'grpc.keepalive_time_ms': keepaliveMs,
  'grpc.keepalive_timeout_ms': keepaliveMs,
  // Unbounded by default, in MB.
  'grpc-node.max_session_memory': 64,
};

/** What the aggregator's server is opened with. */
export const serverOptions: ChannelOptions = {
  ...eitherEnd,
  // 4,294,967,295 by default. A worker needs one stream on its connection.
  'grpc.max_concurrent_streams': 200,
};

/** What each connection of a worker is opened with. */
export const channelOptions: ChannelOptions = {
  ...eitherEnd,
  // The retry buffer of a stream is never freed (grpc-node#2371), and we dial again ourselves.
  'grpc.enable_retries': 0,
  // Channels to one address share a connection and its back-off otherwise: a new attempt would
  // wait for the old one's.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
};

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
