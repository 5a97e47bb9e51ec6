import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Takes what came back: the answer's protobuf, or why there is none. */
export type Settle = (answer: Buffer | undefined, failure?: string) => void;

/** Which method of which server is called. */
export interface CallTarget {
  /** `host:port`. */
  readonly address: string;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Told when the connection is gone; calls that were open are forgotten then. */
  readonly onBroken: (why: string) => void;
}

/** RFC 9113, section 6. */
const frame = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const;
const flag = { ack: 1, endStream: 1, endHeaders: 4 } as const;
const frameHeadBytes = 9;
const grpcPrefixBytes = 5;
const largestWindow = 2 ** 31 - 1;
const firstWindow = 65_535;
/** What the gateway allows; it ends a connection that has more. */
const mostOpenCalls = 200;

/**
 * Unary calls of one gRPC method over one HTTP/2 connection, with just what the bench needs of the
 * protocol: bodies that are encoded already, headers that are always the same, one write for all
 * calls of a turn. It costs a fifth of a call through grpc-js, so that the load leaves the cores to
 * what is measured.
 */
export class CallConnection {
  readonly #socket: Socket;
  readonly #openCalls = new Map<number, { readonly settle: Settle; answer?: Buffer }>();
  readonly #held: (() => void)[] = [];
  readonly #firstHeaders: Buffer;
  #toSend: Buffer[] = [];
  #unread: Buffer = Buffer.alloc(0);
  #nextStream = 1;
  #sendWindow = firstWindow;
  #received = 0;
  #isReading = false;
  readonly #onBroken: (why: string) => void;

  private constructor(socket: Socket, { address, path, onBroken }: CallTarget) {
    this.#socket = socket;
    this.#onBroken = onBroken;
    this.#firstHeaders = firstHeaders(address, path);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.#onBroken(error.message));
    socket.once('close', () => this.#onBroken('the server closed a connection'));
    socket.write(preface());
  }

  static async open(target: CallTarget): Promise<CallConnection> {
    const [host, port] = target.address.split(':');
    const socket = connect(Number(port), host);
    await once(socket, 'connect');
    return new CallConnection(socket, target);
  }

  /** @param message with the five bytes that gRPC puts before it. */
  call(message: Buffer, settle: Settle): void {
    if (this.#openCalls.size === mostOpenCalls || this.#sendWindow < message.length) {
      this.#held.push(() => this.call(message, settle));
      return;
    }
    this.#sendWindow -= message.length;
    const stream = this.#nextStream;
    this.#nextStream += 2;
    this.#openCalls.set(stream, { settle });
    // The first headers of a connection enter the table to which the later ones only point.
    const headers = stream === 1 ? this.#firstHeaders : laterHeaders;
    this.#send(frameOf(frame.headers, flag.endHeaders, stream, headers));
    this.#send(frameOf(frame.data, flag.endStream, stream, message));
  }

  close(): void {
    this.#socket.removeAllListeners('close').destroy();
  }

  #send(bytes: Buffer): void {
    if (this.#toSend.length === 0 && !this.#isReading) queueMicrotask(() => this.#flush());
    this.#toSend.push(bytes);
  }

  #flush(): void {
    const [first] = this.#toSend;
    if (first === undefined) return;
    this.#socket.write(this.#toSend.length === 1 ? first : Buffer.concat(this.#toSend));
    this.#toSend = [];
  }

  #read(chunk: Buffer): void {
    this.#isReading = true;
    const bytes = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    let at = 0;
    while (bytes.length - at >= frameHeadBytes) {
      const length = bytes.readUIntBE(at, 3);
      const end = at + frameHeadBytes + length;
      if (end > bytes.length) break;
      const stream = bytes.readUInt32BE(at + 5);
      const payload = bytes.subarray(at + frameHeadBytes, end);
      this.#take(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, stream, payload);
      at = end;
    }
    this.#unread = bytes.subarray(at);
    this.#isReading = false;
    this.#flush();
  }

  #take(type: number, flags: number, stream: number, payload: Buffer): void {
    switch (type) {
      case frame.data: {
        this.#takeData(stream, payload);
        break;
      }
      case frame.headers: {
        // Trailers. With an answer before them they say OK; an error has trailers alone.
        if ((flags & flag.endStream) !== 0) this.#end(stream);
        break;
      }
      case frame.reset: {
        this.#end(stream, 'the stream was reset');
        break;
      }
      case frame.settings: {
        if ((flags & flag.ack) === 0) this.#send(frameOf(frame.settings, flag.ack, 0));
        break;
      }
      case frame.ping: {
        if ((flags & flag.ack) === 0) this.#send(frameOf(frame.ping, flag.ack, 0, payload));
        break;
      }
      case frame.goAway: {
        this.#onBroken('the server says good-bye');
        break;
      }
      case frame.windowUpdate: {
        if (stream === 0) this.#widen(payload.readUInt32BE());
        break;
      }
      default: {
        break;
      }
    }
  }

  #takeData(stream: number, payload: Buffer): void {
    const call = this.#openCalls.get(stream);
    if (call === undefined) return;
    call.answer = call.answer === undefined ? payload : Buffer.concat([call.answer, payload]);
    this.#received += payload.length;
    if (this.#received < largestWindow / 2) return;
    this.#send(windowUpdate(this.#received));
    this.#received = 0;
  }

  #end(stream: number, failure?: string): void {
    const call = this.#openCalls.get(stream);
    this.#openCalls.delete(stream);
    if (call?.answer === undefined || failure !== undefined) {
      call?.settle(undefined, failure ?? 'an error instead of an answer');
    } else {
      call.settle(call.answer.subarray(grpcPrefixBytes));
    }
    if (this.#held.length > 0) this.#sendHeld();
  }

  #widen(by: number): void {
    this.#sendWindow += by;
    this.#sendHeld();
  }

  /** What still cannot go is held again. */
  #sendHeld(): void {
    for (const call of this.#held.splice(0)) call();
  }
}

function preface(): Buffer {
  const initialWindowSize = 4;
  const settings = Buffer.alloc(6);
  settings.writeUInt16BE(initialWindowSize, 0);
  settings.writeUInt32BE(largestWindow, 2);
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frameOf(frame.settings, 0, 0, settings),
    windowUpdate(largestWindow - firstWindow),
  ]);
}

function windowUpdate(by: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(by);
  return frameOf(frame.windowUpdate, 0, 0, payload);
}

function frameOf(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeadBytes + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flags, 4);
  bytes.writeUInt32BE(stream, 5);
  payload.copy(bytes, frameHeadBytes);
  return bytes;
}

// HPACK (RFC 7541): indices of the static table, then literals that enter the dynamic one.
const methodPost = 0x83;
const schemeHttp = 0x86;
const literalOf = { authority: 0x41, path: 0x44, contentType: 0x5f, newName: 0x40 } as const;
/** The dynamic table begins at 62 with what entered it last: te, content-type, authority, path. */
const laterHeaders = Buffer.from([
  methodPost,
  schemeHttp,
  0x80 | 65,
  0x80 | 64,
  0x80 | 63,
  0x80 | 62,
]);

function firstHeaders(address: string, path: string): Buffer {
  return Buffer.concat([
    Buffer.from([methodPost, schemeHttp, literalOf.path]),
    hpackText(path),
    Buffer.from([literalOf.authority]),
    hpackText(address),
    Buffer.from([literalOf.contentType]),
    hpackText('application/grpc'),
    Buffer.from([literalOf.newName]),
    hpackText('te'),
    hpackText('trailers'),
  ]);
}

/** Without Huffman coding; shorter than 127 bytes. */
function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
