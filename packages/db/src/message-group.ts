import pg from 'pg';
import {
  createQuery,
  driverQueryOf,
  protocolOf,
  sendWithoutSync,
  type DriverQuery,
  type Protocol,
} from './driver-query.ts';
import { endConnection } from './pool.ts';
import type { BoundStatement } from './statement.ts';

// In the extended query protocol a group of messages ends with a Sync. When one of its statements fails, the server discards the rest, so
// that nothing runs outside its transaction. Here statements whose result nobody waits for share the group of the one that follows, which
// saves a round trip for each.

type Callback = (error: Error | null, result?: unknown) => void;
type Config = {
  name?: string;
  text: string;
  values?: unknown[];
  waits?: true;
  /** Whether the rows of a statement that waits are read. */
  hasRows?: boolean;
  isPipelined?: true;
};
type Command = string | Config;

type Waiting = { config: Config; done: Callback };
/** Statements that wait for the next one of their connection, in order. */
const waiting = new WeakMap<pg.Client, Waiting[]>();

const isPrepared = (connection: pg.Client, { name = '' }: Config) => name in protocolOf(connection).parsedStatements;

/** Lets a statement wait for the next one. @returns false if the server has yet to prepare it */
function wait(connection: pg.Client, config: Config, done: Callback): boolean {
  if (!isPrepared(connection, config)) return false;
  const known = waiting.get(connection);
  if (known) known.push({ config, done });
  else waiting.set(connection, [{ config, done }]);
  return true;
}

/**
 * A statement that waits for the next one of its connection, when it is passed to `query` of the connection with a callback.
 * @param hasRows whether its rows are read; only where `canReadRows`
 */
export const waitingConfig = ({ name, text, values }: BoundStatement, hasRows = false) =>
  ({ name, text, values: [...values], waits: true, hasRows }) as pg.QueryConfig;

/**
 * A statement that is sent behind those before it, without waiting for their responses, when it is passed to `query` of the connection with a
 * callback. Each of them is a transaction of its own.
 */
export const pipelinedConfig = ({ name, text, values }: BoundStatement) =>
  ({ name, text, values: [...values], isPipelined: true }) as pg.QueryConfig;

/** BEGIN, and the statement timeout of the transaction in milliseconds, if it has one of its own. */
const beginningOf = (limit: number | undefined): Config[] => [
  { name: 'begin', text: 'begin', values: [] },
  ...(limit === undefined
    ? []
    : [
        { name: 'limit_statements', text: `select set_config('statement_timeout', $1, true)`, values: [String(limit)] },
      ]),
];
const isBeginning = ({ config }: Waiting) => config.name === 'begin' || config.name === 'limit_statements';

/**
 * Begins a transaction together with its first statement.
 * @param limit statement timeout of the transaction in milliseconds; undefined for that of the session
 */
export function beginTransaction(connection: pg.Client, limit: number | undefined): void {
  for (const config of beginningOf(limit)) {
    const done = (error: Error | null) => {
      if (error) endConnection(connection, error); // what follows would run outside a transaction
    };
    if (!wait(connection, config, done)) connection.query(config as pg.QueryConfig, done);
  }
}

const textOf = (command: Command) => (typeof command === 'string' ? command : command.text);
/** Whether the server can prepare the text, which may then have one statement only. */
const isSingle = (text: string) => !/;\s*\S/.test(text);
const isCommit = (text: string) => /^commit\b/i.test(text);
const isRollback = (text: string) => /^rollback\b(?!\s+to\b)/i.test(text);

/** Whether a command is a named statement, rather than a text or a query. */
const isNamed = (command: unknown): command is pg.QueryConfig =>
  typeof command === 'object' && !(command instanceof pg.Query) && (command as Config).name !== undefined;

type Send = (command: unknown, callback?: Callback) => unknown;

/**
 * Sends one query of a connection at a time, because in a transaction each result decides what follows. Pipelined ones do not depend on each
 * other; but those whose statement the server has yet to prepare would fail with the first of them.
 */
function sendInTurn(connection: pg.Client): Send {
  const send = connection.query.bind(connection) as Send;
  const query = (command: unknown, callback: Callback) => {
    let isSent = false;
    let unsent: Error | null = null; // for a value that it cannot write the driver calls back at once, and again with the response
    const sent = send(isNamed(command) ? createQuery(connection, command) : command, (error, result) => {
      if (isSent) callback(unsent ?? error, result);
      else unsent = error;
    });
    isSent = true;
    return sent;
  };
  const queued: [command: unknown, callback: Callback][] = [];
  let isBusy = false;
  const start = (command: unknown, callback: Callback) =>
    query(command, (error, result) => {
      try {
        callback(error, result);
      } finally {
        const next = queued.shift();
        if (next) start(...next);
        else isBusy = false;
      }
    });
  return (command, callback) => {
    if (!callback) return send(command);
    if ((command as Config).isPipelined && isPrepared(connection, command as Config)) return query(command, callback);
    if (isBusy) return void queued.push([command, callback]);
    isBusy = true;
    return start(command, callback);
  };
}

/** Sends the statements that wait together with the next one of the connection. A transaction without a statement sends nothing. */
export function joinStatements(connection: pg.Client): void {
  const query = sendInTurn(connection);
  const joined = (command: Command, callback?: Callback) => {
    if (typeof command === 'object' && command.waits && wait(connection, command, callback as Callback))
      return undefined;
    const before = waiting.get(connection);
    if (!before) return query(command, callback);
    waiting.delete(connection);
    const text = textOf(command);
    const isUndone = isRollback(text);
    if (isUndone) for (const { done } of before) done(null);
    const isUnsent = before.some(isBeginning) && (isUndone || (isCommit(text) && before.every(isBeginning)));
    if (isUnsent) return process.nextTick(callback as Callback, null, { rows: [] });
    if (isUndone) return query(command, callback);
    if (callback && isSingle(text)) return query(groupOf(connection, before, command), callback);
    const last = before.at(-1) as Waiting;
    void query(groupOf(connection, before.slice(0, -1), last.config), (error, result) => {
      if (error) endConnection(connection, error);
      last.done(error, result);
    });
    return query(command, callback);
  };
  connection.query = joined as typeof connection.query;
}

/**
 * Makes a query that sends others before it. When one of them fails that nobody waits for, the connection ends: a statement behind the group
 * would still run.
 */
function groupOf(connection: pg.Client, before: readonly Waiting[], command: Command): pg.Query {
  const config = typeof command === 'string' ? { text: command } : command;
  const query = createQuery(connection, { ...config, queryMode: 'extended' });
  const { prepare, handleCommandComplete, handleDataRow, handleError } = driverQueryOf(query);
  const sent: DriverQuery[] = [];
  let completed = 0;
  const current = () => before[completed];
  return Object.assign(query, {
    prepare: (protocol: Protocol) => {
      try {
        for (const { config: each } of before) sent.push(sendWithoutSync(connection, each as pg.QueryConfig));
      } catch (error) {
        return driverQueryOf(query).handleError(error as Error, protocol); // a value cannot be written
      }
      prepare.call(query, protocol);
    },
    handleCommandComplete: (message: { text?: string }, protocol: Protocol) => {
      const ended = current();
      if (!ended) return handleCommandComplete.call(query, message, protocol);
      const { _result: result } = sent[completed] as DriverQuery;
      completed += 1;
      result.addCommandComplete(message);
      ended.done(null, result);
    },
    handleDataRow: (message: unknown) => {
      const waited = current();
      if (!waited) handleDataRow.call(query, message);
      else if (waited.config.hasRows) sent[completed]?.handleDataRow(message);
    },
    handleError: (error: Error, protocol: Protocol) => {
      const failed = before.slice(completed);
      completed = before.length; // the driver calls again when the connection has ended
      const [first] = failed;
      const isRolledBack = first?.config.hasRows && error instanceof pg.DatabaseError; // by its caller, who gets the error
      if (first && !isRolledBack) endConnection(connection, error);
      for (const { done } of failed) done(error);
      handleError.call(query, error, protocol);
    },
  } satisfies Partial<DriverQuery>);
}
