import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { ChorusError } from '../../domain/errors.ts';
import type { Recommendation } from '../../domain/recommendation.ts';
import { Wire } from '../aggregator-link/contract/wire.ts';
import { InternalServer } from '../aggregator-link/internal-server.ts';
import { RealClock } from '../clock/real-clock.ts';
import { RealRandom } from '../random/real-random.ts';
import {
  decodeGatewayFrame,
  encodeAnswerFrame,
  type ReceivedGatewayFrame,
} from '../wire/question-codec.ts';
import { answerLineContract } from './answer-line.contract.ts';
import { maxOpenQuestions } from './answer-line.ts';
import { startAggregatorProcess } from './contract/aggregator-process.ts';
import { HeldAnswerer } from './contract/held-answerer.ts';
import { LoneAnswerDesk } from './contract/lone-answer-desk.ts';
import { answerTo, becomes, questionOf, requestIds } from './contract/sample.ts';
import { GrpcAnswerLine } from './grpc-answer-line.ts';
import { aggregatorMethod } from './grpc-stream.ts';

const clock = new RealClock();
const random = new RealRandom();
const never = new AbortController().signal;

function lineTo(...ports: readonly number[]): GrpcAnswerLine {
  const aggregators = ports.map((port) => `127.0.0.1:${port}`).join(',');
  return new GrpcAnswerLine({ gatewayId: random.id(), aggregators }, clock, random);
}

answerLineContract('GrpcAnswerLine with GrpcAnswerDesk', () => {
  const desk = new LoneAnswerDesk({ host: '127.0.0.1', port: 0 }, clock, random);
  const wires: Wire[] = [];
  return {
    desk,
    attachGateway: async () => {
      const wire = await Wire.to(() => desk.port);
      wires.push(wire);
      return lineTo(wire.port);
    },
    close: async () => {
      await Promise.all(wires.map((wire) => wire.close()));
    },
  };
});

describe('the gRPC answer line between processes', () => {
  const toClose: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of toClose.splice(0).toReversed()) {
      // oxlint-disable-next-line no-await-in-loop -- gateways before their aggregators
      await close();
    }
  });

  async function openDesk(port = 0): Promise<[LoneAnswerDesk, HeldAnswerer]> {
    const desk = new LoneAnswerDesk({ host: '127.0.0.1', port }, clock, random);
    const answerer = new HeldAnswerer();
    toClose.push(async () => {
      answerer.release();
      await desk.close();
    });
    await desk.open(answerer);
    return [desk, answerer];
  }

  async function openLine(...ports: readonly number[]): Promise<GrpcAnswerLine> {
    const line = lineTo(...ports);
    toClose.push(() => line.close());
    await line.open();
    return line;
  }

  async function openWire(desk: LoneAnswerDesk): Promise<Wire> {
    const wire = await Wire.to(() => desk.port);
    toClose.push(() => wire.close());
    return wire;
  }

  /** A line that knows both aggregators: each got a question. */
  async function openLineToBoth(
    [first, hears]: [{ readonly port: number }, HeldAnswerer],
    [second, alsoHears]: [{ readonly port: number }, HeldAnswerer],
  ): Promise<GrpcAnswerLine> {
    const line = await openLine(first.port, second.port);
    await becomes(() => line.isConnected, true);
    await expect
      .poll(async () => {
        await line.ask(questionOf('hello'), never);
        return hears.asked.length > 0 && alsoHears.asked.length > 0;
      })
      .toBe(true);
    for (const answerer of [hears, alsoHears]) answerer.asked.length = 0;
    return line;
  }

  function askAll(line: GrpcAnswerLine, ids: readonly string[]): Promise<Recommendation>[] {
    const asking = ids.map((id) => line.ask(questionOf(id), never));
    for (const each of asking) each.catch(() => undefined);
    return asking;
  }

  test('a broken stream fails its open questions at once, and comes back', async () => {
    const [desk, answerer] = await openDesk();
    const wire = await openWire(desk);
    const line = await openLine(wire.port);
    await becomes(() => line.isConnected, true);
    answerer.isHeld = true;
    const asking = askAll(line, ['a', 'b']);
    await becomes(() => answerer.askedIds, ['a', 'b']);
    wire.cut();
    const unavailable = { code: 'unavailable', retryable: true };
    await expect(asking[0]).rejects.toMatchObject(unavailable);
    await expect(asking[1]).rejects.toMatchObject(unavailable);
    await becomes(() => answerer.abandoned.toSorted(), ['a', 'b']);
    answerer.release();
    await becomes(() => line.isConnected, true);
    await expect(line.ask(questionOf('c'), never)).resolves.toMatchObject({ requestId: 'c' });
  });

  test('an aggregator restarted on its port is found again', async () => {
    const [first] = await openDesk();
    const { port } = first;
    const line = await openLine(port);
    await becomes(() => line.isConnected, true);
    await first.close();
    await becomes(() => line.isConnected, false);
    const [, answerer] = await openDesk(port);
    await becomes(() => line.isConnected, true);
    await line.ask(questionOf('a'), never);
    expect(answerer.askedIds).toEqual(['a']);
  });

  test('two aggregators share the questions; the busier one gets fewer', async () => {
    const [first, second] = [await openDesk(), await openDesk()];
    const line = await openLineToBoth(first, second);
    first[1].isHeld = true;
    second[1].isHeld = true;
    let answered = 0;
    const asking = askAll(line, requestIds(100));
    for (const each of asking) void each.then(() => (answered += 1));
    await becomes(() => first[1].asked.length + second[1].asked.length, 100);
    // Two of two are always compared: nobody may be ahead by more than one.
    expect(Math.abs(first[1].asked.length - second[1].asked.length)).toBeLessThanOrEqual(1);
    const busy = first[1].asked.length;
    second[1].release();
    await becomes(() => answered, 100 - busy);
    for (const id of requestIds(20)) {
      // oxlint-disable-next-line no-await-in-loop -- the idle one is idle again each time
      await line.ask(questionOf(id), never);
    }
    expect(first[1].asked).toHaveLength(busy);
    first[1].release();
    await Promise.all(asking);
  });

  test('an aggregator that leaves costs no question where there is another', async () => {
    const [first, second] = [await openDesk(), await openDesk()];
    const line = await openLineToBoth(first, second);
    const over = new AbortController();
    let answered = 0;
    const asking = async (): Promise<void> => {
      while (!over.signal.aborted) {
        // oxlint-disable-next-line no-await-in-loop -- a steady stream of questions
        await line.ask(questionOf('a'), never);
        answered += 1;
      }
    };
    const callers = Promise.all([asking(), asking(), asking(), asking()]);
    await becomes(() => first[1].asked.length > 50, true);
    await first[0].close();
    const before = answered;
    await becomes(() => answered > before + 50, true);
    over.abort();
    await callers;
  });

  test('what was not sent yet when a stream broke is asked elsewhere', async () => {
    const [first, second] = [await openDesk(), await openDesk()];
    const wire = await openWire(first[0]);
    const line = await openLineToBoth([wire, first[1]], second);
    wire.stall();
    const context = Object.fromEntries(
      Array.from({ length: 100 }, (_, key) => [`k${key}`, 'x'.repeat(256)]),
    );
    const asking: Promise<Recommendation>[] = [];
    // So much that one stream's buffers are full: half of it is for the stalled one.
    for (let turn = 0; turn < 100; turn += 1) {
      for (let count = 0; count < 18; count += 1) {
        asking.push(line.ask(questionOf(`q${asking.length}`, { context }), never));
      }
      // oxlint-disable-next-line no-await-in-loop -- real turns, in which a stream could send
      await new Promise<void>((resolve) => clock.nextTurn(resolve));
    }
    wire.cut();
    const outcomes = await Promise.allSettled(asking);
    const failed = outcomes.filter(({ status: outcome }) => outcome === 'rejected');
    // The sent ones are void, the unsent ones found the other aggregator.
    expect(failed.length).toBeGreaterThan(0);
    expect(second[1].asked.length + failed.length).toBe(outcomes.length);
  });

  test('questions of one turn share a frame', async () => {
    const server = new InternalServer({ host: '127.0.0.1', port: 0 }, clock);
    toClose.push(() => server.close());
    const frames: ReceivedGatewayFrame[] = [];
    server.serve(aggregatorMethod)((call) => {
      call.on('data', (bytes: Buffer) => frames.push(decodeGatewayFrame(bytes, 0)));
      call.on('end', () => call.end());
      call.write(encodeAnswerFrame({ aggregatorId: 'a1', inFlight: 0 }));
    });
    await server.open();
    const line = await openLine(server.port);
    await becomes(() => line.isConnected, true);
    const caller = new AbortController();
    const asking = requestIds(50).map((id) => line.ask(questionOf(id), caller.signal));
    await becomes(() => frames.length, 1);
    expect(frames[0]?.questions.map(({ id }) => id)).toEqual([...asking.keys()].map((n) => n + 1));
    caller.abort();
    await Promise.allSettled(asking);
    await becomes(() => frames.length, 2);
    expect(frames[1]?.cancels).toHaveLength(50);
  });

  test('too many questions are refused by name, and the others are answered', async () => {
    const [desk, answerer] = await openDesk();
    const line = await openLine(desk.port);
    await becomes(() => line.isConnected, true);
    answerer.isHeld = true;
    const asking = askAll(line, requestIds(maxOpenQuestions));
    await expect(line.ask(questionOf('more'), never)).rejects.toMatchObject({ code: 'overloaded' });
    await becomes(() => answerer.asked.length, maxOpenQuestions);
    answerer.release();
    await expect(Promise.all(asking)).resolves.toHaveLength(maxOpenQuestions);
  });

  test('what no message can carry is a typed error, both ways, and the line lives', async () => {
    const [desk, answerer] = await openDesk();
    const line = await openLine(desk.port);
    await becomes(() => line.isConnected, true);
    const title = 'x'.repeat(5_000_000);
    const large = line.ask(questionOf('large', { exclude: [title] }), never);
    await expect(large).rejects.toMatchObject({ code: 'too_large' });
    const giant = { ...answerTo(questionOf('a')), items: [{ itemId: 'i', title, score: 0 }] };
    answerer.answer = () => Promise.resolve(giant);
    await expect(line.ask(questionOf('a'), never)).rejects.toMatchObject({ code: 'too_large' });
    expect(line.isConnected).toBe(true);
  });

  test('bytes that are no frame end that stream with the reason, and no other', async () => {
    const [desk] = await openDesk();
    const line = await openLine(desk.port);
    await becomes(() => line.isConnected, true);
    const stranger = new Client(`127.0.0.1:${desk.port}`, credentials.createInsecure());
    const { path, requestSerialize, responseDeserialize } = aggregatorMethod;
    const call = stranger.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const failed = new Promise<ServiceError>((resolve) => call.on('error', resolve));
    call.resume();
    call.write(Buffer.from([0xff, 0xff, 0xff]));
    const { code, details } = await failed;
    stranger.close();
    expect({ code, details }).toEqual({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('GatewayFrame'),
    });
    await expect(line.ask(questionOf('a'), never)).resolves.toMatchObject({ requestId: 'a' });
  });

  test('an aggregator process killed with -9 is gone at once, and found again on its port', async () => {
    const first = await startAggregatorProcess();
    toClose.push(() => first.kill());
    const line = await openLine(first.port);
    await becomes(() => line.isConnected, true);
    await line.ask(questionOf('a'), never);
    first.signal('SIGKILL');
    await expect.poll(() => line.isConnected, { timeout: 1500, interval: 5 }).toBe(false);
    await expect(line.ask(questionOf('b'), never)).rejects.toMatchObject({ code: 'unavailable' });
    const second = await startAggregatorProcess(first.port);
    toClose.push(() => second.kill());
    await becomes(() => line.isConnected, true);
    await line.ask(questionOf('c'), never);
  });

  test('a stopped aggregator process is found by keep-alive; until then questions end by their own time', async () => {
    const aggregator = await startAggregatorProcess();
    toClose.push(() => aggregator.kill());
    const line = await openLine(aggregator.port);
    await becomes(() => line.isConnected, true);
    await line.ask(questionOf('a'), never);
    aggregator.signal('SIGSTOP');
    const late = new ChorusError('deadline_exceeded', 'no answer in time');
    const caller = new AbortController();
    clock.after(100, () => caller.abort(late));
    await expect(line.ask(questionOf('b'), caller.signal)).rejects.toBe(late);
    await expect.poll(() => line.isConnected, { timeout: 6000, interval: 5 }).toBe(false);
    await expect(line.ask(questionOf('c'), never)).rejects.toMatchObject({ code: 'unavailable' });
    aggregator.signal('SIGCONT');
    await becomes(() => line.isConnected, true);
    await line.ask(questionOf('d'), never);
  });
});
