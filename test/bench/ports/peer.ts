import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { findExecutable } from '../../servers/find-executable.ts';

/** What a peer answers, by the names of the questions. */
export type Answers = Readonly<Record<string, (question: never) => unknown>>;

type Question<Answer> = Answer extends (question: infer Asked) => unknown ? Asked : never;
type Answered<Answer> = Answer extends (question: never) => infer Given ? Awaited<Given> : never;

/** `never`: what travels is of the type that both sides agree on by the name of the question. */
interface AskMessage {
  readonly id: number;
  readonly name: string;
  readonly question: never;
}

type AnswerMessage =
  | { readonly id: number; readonly answer: never }
  | { readonly id: number; readonly failure: string };

interface Waiter {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** A child process that answers questions; it ends with us. */
export class Peer<Of extends Answers> {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #waiters = new Map<number, Waiter>();
  #asked = 0;

  /** @param core ties it to one core, where the machine has `taskset`. */
  constructor(file: URL, core?: number) {
    this.#name = fileURLToPath(file);
    const taskset = core === undefined ? undefined : findExecutable('taskset');
    const tied = taskset === undefined ? [] : [taskset, '-c', `${core}`];
    const [command, ...args] = [...tied, process.execPath, this.#name];
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    this.#child.on('message', (message: AnswerMessage) => this.#settle(message));
    this.#child.once('error', (error) => this.#failAll(error.message));
    this.#child.once('exit', (code) => this.#failAll(`ended with code ${code}`));
  }

  /** Asks, and rejects with the peer's own words when it failed. */
  ask<Name extends keyof Of & string>(
    name: Name,
    ...[question]: unknown extends Question<Of[Name]> ? [] : [Question<Of[Name]>]
  ): Promise<Answered<Of[Name]>> {
    const id = (this.#asked += 1);
    const { promise, resolve, reject } = Promise.withResolvers<Answered<Of[Name]>>();
    this.#waiters.set(id, { resolve, reject });
    this.#child.send({ id, name, question });
    return promise;
  }

  /** Ends it. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  #settle(message: AnswerMessage): void {
    const waiter = this.#waiters.get(message.id);
    this.#waiters.delete(message.id);
    if ('answer' in message) waiter?.resolve(message.answer);
    else waiter?.reject(new Error(`${this.#name}: ${message.failure}`));
  }

  #failAll(reason: string): void {
    for (const { reject } of this.#waiters.values()) reject(new Error(`${this.#name} ${reason}`));
    this.#waiters.clear();
  }
}

/** Makes this process a peer: answers its parent's questions, and ends when the parent is gone. */
export function answerParent(answers: Answers): void {
  process.on('message', (message: AskMessage) => void answer(answers, message));
  process.once('disconnect', () => process.exit());
}

async function answer(answers: Answers, { id, name, question }: AskMessage): Promise<void> {
  let reply;
  try {
    const handler = answers[name];
    if (handler === undefined) throw new Error(`nobody answers ${name}`);
    reply = { id, answer: await handler(question) };
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    reply = { id, failure };
  }
  process.send?.(reply);
}
