import type { Knex } from 'knex';
import type pg from 'pg';
import type { Db, Tx } from './connect.ts';
import { beginTransaction } from './message-group.ts';
import { disposeOf, type Connection } from './pool.ts';
import { isConnectionLost } from './unavailable-errors.ts';

/** What Knex calls on a client: one is shared by a pool, and each transaction has one of its own that knows only its connection. */
type Client = {
  acquireConnection: () => Promise<Connection>;
  releaseConnection: (connection: Connection) => Promise<void>;
  query: (connection: Connection, query: unknown) => Promise<unknown>;
  queryBuilder: () => Knex.QueryBuilder;
};

type Work = (tx: Tx) => Promise<unknown>;
type Options = Pick<Knex.TransactionConfig, 'isolationLevel' | 'readOnly'> & {
  /** The time that the transaction has, in milliseconds; asked when it has its connection. */
  timeLeft?: () => number;
  /** Whether nothing is written after the statement of `executeLast`. */
  commitsWithLast?: boolean;
};
/** What a Knex function does its work with. */
type Context = { client: Client; transaction: (work?: Work | Options, options?: Options) => Promise<unknown> };
const contextOf = (db: Db): Context => (db as unknown as { context: Context }).context;

/** The state of an open transaction, which its `Tx` carries. */
type State = {
  connection: Connection;
  parent: Tx | undefined;
  hasEnded: boolean;
  hasSavepoint: boolean;
  afterCommit: (() => void)[];
  commitsWithLast: boolean;
  /** The response to a COMMIT that was sent with the last statement. */
  commit?: Promise<pg.QueryResult>;
  /** The first failure of a statement that nobody waited for. */
  failure?: Error;
};
const state = Symbol('state of the transaction');
const stateOf = (tx: Tx): State => (tx as unknown as { [state]: State })[state];
const hasEnded = ({ hasEnded: isOver, commit, parent }: State): boolean =>
  isOver || commit !== undefined || (parent !== undefined && hasEnded(stateOf(parent)));

const ended = () => new Error('The transaction has ended');

/**
 * Returns the connection of an open transaction; undefined for a pool.
 * @throws Error when the transaction has ended
 */
export function connectionOf(db: Db | Tx): Connection | undefined {
  if (!db.isTransaction) return undefined;
  const open = stateOf(db as Tx);
  if (hasEnded(open)) throw ended();
  return open.connection;
}

/** Notes the failure of a statement that nobody waits for, which is then that of the commit. */
export function noteFailure(tx: Tx, error: Error): void {
  stateOf(outermostOf(tx)).failure ??= error;
}

/** Whether `executeLast` may send COMMIT with its statement. */
export const commitsWithLast = (tx: Tx): boolean => stateOf(tx).commitsWithLast;

/**
 * Sends COMMIT with the statements that wait. Its caller may go on with what needs no statement.
 * @param result of the one that may fail; then the transaction is aborted, and its caller rolls it back
 */
export async function commitWith(tx: Tx, result: Promise<unknown>): Promise<void> {
  const open = stateOf(tx);
  open.commit = run(open.connection, 'commit');
  try {
    await Promise.all([result, open.commit]);
  } catch (error) {
    delete open.commit;
    throw error;
  }
}

/** Runs work after the commit of a change; never when its transaction, or a savepoint around it, is rolled back. */
export function afterCommit(tx: Tx, work: () => void): void {
  stateOf(tx).afterCommit.push(work);
}

/** Follows savepoints to the transaction that commits. */
export function outermostOf(tx: Tx): Tx {
  const { parent } = stateOf(tx);
  return parent ? outermostOf(parent) : tx;
}

/**
 * Runs `work` in a transaction whose statements PostgreSQL cancels when the time has passed.
 * @param timeLeft milliseconds, asked when the transaction has its connection
 * @param options.commitsWithLast whether `work` writes nothing after a statement of `executeLast`
 */
export const transactionWithin = <R>(
  db: Db,
  timeLeft: () => number,
  work: (tx: Tx) => Promise<R>,
  options: { commitsWithLast?: boolean } = {},
): Promise<R> => db.transaction(work, { timeLeft, ...options } as Knex.TransactionConfig);

/** Whether an earlier failure may be why a statement failed: the transaction is aborted, or its connection has ended. */
const isConsequence = (error: unknown): boolean =>
  (error as { code?: unknown }).code === '25P02' || isConnectionLost(error);

/** Returns why the transaction of a statement was aborted, when a statement that nobody waited for failed before it. */
const firstFailure = (tx: Tx, error: unknown): unknown =>
  isConsequence(error) ? (stateOf(tx).failure ?? error) : error;

const run = (connection: Connection, text: string): Promise<pg.QueryResult> =>
  new Promise((resolve, reject) => {
    connection.query(text, (error: Error | null, result) => (error ? reject(error) : resolve(result)));
  });

/**
 * Makes `Tx`: a Knex function over one connection, which inherits from that of the pool. Knex would make each with a hundred closures
 * and listeners of its own, which cost more than a short statement and stay in V8's old space (docs/adr/0053).
 */
function makeTx(db: Db, connection: Connection, parent?: Tx, commitsWithLast = false): Tx {
  const pool = contextOf(db);
  const own: State = {
    connection,
    parent,
    hasEnded: false,
    hasSavepoint: false,
    afterCommit: [],
    commitsWithLast,
  };
  const client = Object.assign(Object.create(pool.client) as Client, {
    acquireConnection: async () => connectionOf(tx),
    releaseConnection: async () => {},
    query: async (used: Connection, query: unknown) => {
      connectionOf(tx); // it may have ended since the query got its connection
      return pool.client.query.call(client, used, query);
    },
  });
  const context = Object.assign(Object.create(pool) as Context, {
    client,
    transaction: (work: Work) => runInSavepoint(db, tx, work),
  });
  const tx = ((table: string) => client.queryBuilder().table(table)) as unknown as Tx;
  Object.setPrototypeOf(tx, db);
  return Object.assign(tx, { [state]: own, context, isTransaction: true, isCompleted: () => hasEnded(own) });
}

/**
 * Runs `work` in a savepoint: when it fails, only what it did is undone.
 * @throws Error while another savepoint of the transaction is open, because one would undo or keep statements of the other
 */
async function runInSavepoint(db: Db, parent: Tx, work: Work): Promise<unknown> {
  const connection = connectionOf(parent) as Connection;
  const outer = stateOf(parent);
  if (outer.hasSavepoint) throw new Error('The transaction has an open savepoint');
  outer.hasSavepoint = true;
  try {
    await run(connection, 'savepoint nested'); // the latest of the same name counts
    return await keepOrUndo(makeTx(db, connection, parent), outer, work);
  } finally {
    outer.hasSavepoint = false;
  }
}

async function keepOrUndo(savepoint: Tx, outer: State, work: Work): Promise<unknown> {
  const own = stateOf(savepoint);
  const outermost = stateOf(outermostOf(savepoint));
  const { failure } = outermost;
  try {
    const result = await work(savepoint);
    own.hasEnded = true;
    await run(own.connection, 'release savepoint nested');
    outer.afterCommit.push(...own.afterCommit);
    return result;
  } catch (error) {
    own.hasEnded = true;
    const undo = 'rollback to savepoint nested; release savepoint nested';
    const restore = () => Object.assign(outermost, { failure }); // one that was undone is no reason of a later error
    if (!hasEnded(outer)) await run(own.connection, undo).then(restore, () => {}); // else the commit fails, too
    throw error;
  }
}

const rolledBack = () =>
  new Error('The transaction was rolled back instead of committed, because a statement in it failed');

/** Adds to the outermost transaction how it ends, which also returns its connection to the pool. */
function makeOutermost(db: Db, connection: Connection, options: Options): Tx {
  const { client } = contextOf(db);
  const tx = makeTx(db, connection, undefined, options.commitsWithLast);
  const own = stateOf(tx);
  const end = async (text: 'commit' | 'rollback'): Promise<pg.QueryResult> => {
    if (own.hasEnded) throw ended();
    own.hasEnded = true;
    try {
      const result = await (own.commit ?? run(connection, text));
      if (result.command === 'COMMIT') for (const work of own.afterCommit) queueMicrotask(work); // whose failure must not look like one of the commit
      return result;
    } catch (error) {
      if (text === 'rollback') disposeOf(connection, error); // what it did may still be open
      throw firstFailure(tx, error);
    } finally {
      await client.releaseConnection(connection);
    }
  };
  return Object.assign(tx, {
    commit: async () => {
      const { command } = await end('commit');
      if (command === 'ROLLBACK') throw own.failure ?? rolledBack();
    },
    rollback: () => end('rollback'),
  });
}

async function begin(connection: Connection, options: Options, statementTimeout: number): Promise<void> {
  const { isolationLevel, readOnly, timeLeft } = options;
  if (isolationLevel ?? readOnly) {
    const mode = [isolationLevel && `isolation level ${isolationLevel}`, readOnly && 'read only'];
    await run(connection, `begin ${mode.filter(Boolean).join(' ')}`);
    return;
  }
  const limit = Math.max(1, Math.ceil(timeLeft?.() ?? Infinity));
  beginTransaction(connection, limit < statementTimeout ? limit : undefined);
}

/**
 * Makes the transactions of a pool those of this module. They begin with their first statement. Those of `transactionWithin` have their
 * time as the statement timeout, when that is less than the pool's: a round trip of its own would cost as much as a short statement.
 * @param statementTimeout of the pool, in milliseconds
 */
export function replaceTransactions(db: Db, statementTimeout: number): void {
  const context = contextOf(db);
  const open = async (options: Options): Promise<Tx> => {
    const connection = await context.client.acquireConnection();
    try {
      await begin(connection, options, statementTimeout);
    } catch (error) {
      disposeOf(connection, error);
      await context.client.releaseConnection(connection);
      throw error;
    }
    return makeOutermost(db, connection, options);
  };
  context.transaction = async (work, options) => {
    if (typeof work !== 'function') return open(work ?? options ?? {});
    const tx = await open(options ?? {});
    let result: unknown;
    try {
      result = await work(tx);
    } catch (error) {
      await tx.rollback().catch(() => {}); // the pool replaces the connection; the first failure says more
      throw firstFailure(tx, error);
    }
    await tx.commit();
    return result;
  };
}
