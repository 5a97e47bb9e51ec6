import { expect, test } from 'vitest';
import { ChorusError, type ErrorCode, errorTable } from '../../../domain/errors.ts';
import type { Rig } from './rig.ts';
import { answerTo, becomes, questionOf, requestIds } from './sample.ts';

const never = new AbortController().signal;
const codes = Object.keys(errorTable).filter((code): code is ErrorCode => code in errorTable);

/** What travels: questions and answers whole, each to its own, errors with all that they say. */
export function answerRules(rig: () => Rig): void {
  test('a question arrives whole, and so does its answer', async () => {
    const line = await rig().connected();
    const question = questionOf('a');
    await expect(line.ask(question, never)).resolves.toEqual(answerTo(question));
    const [asked] = rig().answerer.asked;
    expect({ ...asked, budget: undefined }).toEqual({ ...question, budget: undefined });
  });

  test('what may be absent or empty stays so', async () => {
    const line = await rig().connected();
    const question = {
      ...questionOf('a', { userId: '', session: [], candidates: undefined, exclude: [] }),
      bundle: '',
      userVersion: '',
      itemsVersion: '',
    };
    await line.ask(question, never);
    const [asked] = rig().answerer.asked;
    expect({ ...asked, budget: undefined }).toEqual({ ...question, budget: undefined });
  });

  test('the budget counts from the arrival at the gateway', async () => {
    const line = await rig().connected();
    const question = questionOf('a');
    const arrivedUs = question.budget.arrivedUs - 100_000;
    await line.ask({ ...question, budget: { arrivedUs, budgetMs: 400 } }, never);
    const budget = rig().answerer.asked[0]?.budget;
    expect(budget?.budgetMs).toBeCloseTo(400, 3);
    // The way there is not known; it makes the request look younger by that much.
    expect(budget?.arrivedUs).toBeGreaterThanOrEqual(arrivedUs - 1);
    expect(budget?.arrivedUs).toBeLessThan(arrivedUs + 2_000_000);
  });

  test('each of many questions gets its own answer, in whatever order they become ready', async () => {
    const line = await rig().connected();
    const ids = requestIds(300);
    const asking = await rig().askHeld(line, ids);
    rig().answerer.release();
    const answers = await Promise.all(asking);
    expect(answers.map(({ requestId }) => requestId)).toEqual(ids);
  });

  test('two callers may choose the same request id', async () => {
    const line = await rig().connected();
    const asking = await rig().askHeld(line, ['same', 'same']);
    rig().answerer.release();
    expect(await Promise.all(asking)).toHaveLength(2);
  });

  test.each(codes)('an error keeps its code, message and field: %s', async (code) => {
    const line = await rig().connected();
    rig().answerer.fail(new ChorusError(code, 'no, Zoë', { field: 'candidates.item_ids' }));
    await expect(line.ask(questionOf('a'), never)).rejects.toMatchObject({
      name: 'ChorusError',
      code,
      message: 'no, Zoë',
      field: 'candidates.item_ids',
    });
  });

  test('an error that is none on purpose is internal; the line lives', async () => {
    const line = await rig().connected();
    rig().answerer.fail(new TypeError('x is not a function'));
    const error = await line.ask(questionOf('a'), never).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'internal', field: undefined });
    rig().answerer.failure = undefined;
    await expect(line.ask(questionOf('b'), never)).resolves.toMatchObject({ requestId: 'b' });
  });

  test('several gateways ask one aggregator', async () => {
    const first = await rig().connected();
    const second = await rig().openLine();
    await becomes(() => second.isConnected, true);
    const answers = [first.ask(questionOf('a'), never), second.ask(questionOf('b'), never)];
    await expect(Promise.all(answers)).resolves.toMatchObject([
      { requestId: 'a' },
      { requestId: 'b' },
    ]);
  });
}
