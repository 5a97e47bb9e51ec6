import type { ClientBase, QueryResult } from 'pg';
import { ChorusError } from '../../domain/errors.ts';
import { postgresError } from './postgres-error.ts';
import type { Result, Row, Statement } from './records.ts';
import type { StatementNames } from './statement-names.ts';

/** One call of `run`, once, on a client that it has for itself. */
export interface PostgresTransaction {
  readonly client: ClientBase;
  readonly names: StatementNames;
  readonly statements: readonly Statement[];
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs the statements as one transaction: a single one in one round trip, several in two, because
 * BEGIN and all statements are sent together and answered together.
 * @throws ChorusError, with the driver's error as its cause when there is one; nothing was
 *   written then, unless the connection broke at the end.
 */
export async function runTransaction(transaction: PostgresTransaction): Promise<readonly Result[]> {
  const [first, ...more] = transaction.statements;
  if (first === undefined) return [];
  return more.length === 0 && !mayNeedUndo(first)
    ? [await runSingle(transaction, first)]
    : runSeveral(transaction);
}

/** A statement by itself is a transaction; only one that may turn out wrong afterwards is not. */
function mayNeedUndo({ sql, expectRows }: Statement): boolean {
  return expectRows !== undefined && !/^\s*select\b/i.test(sql);
}

async function runSingle(
  { client, names }: PostgresTransaction,
  statement: Statement,
): Promise<Result> {
  try {
    return resultOf(await client.query<Row>(names.query(statement)), statement);
  } catch (error) {
    throw postgresError(error, 'statement 0');
  }
}

async function runSeveral(transaction: PostgresTransaction): Promise<readonly Result[]> {
  const { client, signal } = transaction;
  try {
    const results = await sendAll(transaction);
    if (signal?.aborted === true) throw ChorusError.from(signal.reason, 'cancelled');
    await client.query('COMMIT').catch((error: unknown) => {
      throw postgresError(error, 'commit');
    });
    return results;
  } catch (error) {
    // On a broken connection there is nothing to roll back any more.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function sendAll({
  client,
  names,
  statements,
}: PostgresTransaction): Promise<readonly Result[]> {
  const begun = client.query('BEGIN').catch((error: unknown) => {
    throw postgresError(error, 'begin');
  });
  const answers = statements.map(async (statement, index) => {
    try {
      return resultOf(await client.query<Row>(names.query(statement)), statement);
    } catch (error) {
      throw postgresError(error, `statement ${index}`);
    }
  });
  const outcomes = await Promise.allSettled([begun, ...answers]);
  // The first failure is the cause; the server refuses what was sent behind it for its sake.
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return Promise.all(answers);
}

function resultOf(answer: QueryResult<Row>, { expectRows }: Statement): Result {
  const changes = answer.rowCount ?? 0;
  if (expectRows !== undefined && changes !== expectRows) {
    const message = `${changes} rows instead of ${expectRows}; nothing was written`;
    throw new ChorusError('conflict', message);
  }
  return { rows: answer.rows, changes };
}
