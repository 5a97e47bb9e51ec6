import type { ChannelOptions, MethodDefinition } from '@grpc/grpc-js';

/** Messages are packed into frames of about this many bytes, so that none blocks its stream for long. */
export const frameBytes = 256 * 1024;

/** No message on a stream is larger: grpc-js ends the whole stream for one that is. */
export const maxMessageBytes = 4 * 1024 * 1024;

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

/** What the aggregator's internal server is opened with. */
export const serverOptions: ChannelOptions = {
  ...eitherEnd,
  // 4,294,967,295 by default. A peer needs one stream on its connection.
  'grpc.max_concurrent_streams': 200,
};

/** What each connection to an aggregator is opened with. */
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

/** A bidirectional stream whose frames stay bytes. */
export type RawStreamMethod = MethodDefinition<Buffer, Buffer>;

/**
 * The definition of one. The static codecs run in our handlers: a deserializer that throws inside
 * grpc-js answers INTERNAL and hides why.
 */
export function rawStreamMethod(path: string): RawStreamMethod {
  return {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
