import pg from 'pg';
import type { BoundStatement } from './statement.ts';

/** BEGIN, and the statement timeout of the transaction in milliseconds, if it has one of its own. */
const beginningOf = (limit: number | undefined): BoundStatement[] => [
  { name: 'begin', text: 'begin', values: [] },
  ...(limit === undefined
    ? []
    : [
        { name: 'limit_statements', text: `select set_config('statement_timeout', $1, true)`, values: [String(limit)] },
      ]),
];

/** The protocol of a connection, as the driver's own queries use it. */
type Protocol = pg.Connection & {
  parsedStatements: Readonly<Record<string, string>>;
  bind: (message: { statement: string; values: readonly unknown[] }) => void;
  execute: (message: object) => void;
};
const protocolOf = (connection: pg.Client): Protocol => (connection as unknown as { connection: Protocol }).connection;

/** What a query does with the server's messages: part of the driver, though not of its types. */
type QueryMethods = {
  prepare: (protocol: Protocol) => void;
  handleCommandComplete: (message: unknown, protocol: Protocol) => void;
  handleDataRow: (message: unknown) => void;
  handleError: (error: Error, protocol: Protocol) => void;
};

/** What begins the transaction of a connection; it is sent with the transaction's first statement. */
const beginnings = new WeakMap<pg.Client, readonly BoundStatement[]>();

/**
 * Begins a transaction together with its first statement, which saves a round trip; the first one on a connection begins at once.
 * @param limit statement timeout of the transaction in milliseconds; undefined for that of the session
 */
export async function beginTransaction(connection: pg.Client, limit: number | undefined): Promise<void> {
  const beginning = beginningOf(limit);
  const { parsedStatements } = protocolOf(connection);
  if (beginning.every(({ name }) => name in parsedStatements)) {
    beginnings.set(connection, beginning);
    return;
  }
  for (const { name, text, values } of beginning)
    await new Promise<void>((resolve, reject) => {
      connection.query({ name, text, values: [...values] }, (error: Error | null) => {
        if (error) end(connection); // its transaction may have begun
        if (error) reject(error);
        else resolve();
      });
    });
}

type Command = string | pg.QueryConfig;
const textOf = (command: Command) => (typeof command === 'string' ? command : command.text);
/** Whether the server can prepare the text, which may then have one statement only. */
const isSingle = (text: string) => !/;\s*\S/.test(text);

/** Sends what begins a transaction of `beginTransaction` with its first statement. A transaction without one sends nothing. */
export function joinBeginning(connection: pg.Client): void {
  const query = connection.query.bind(connection) as (...args: unknown[]) => unknown;
  const joined = (...args: unknown[]) => {
    const beginning = beginnings.get(connection);
    if (!beginning) return query(...args);
    beginnings.delete(connection);
    const [command] = args as [Command];
    const callback = args.at(-1);
    if (typeof callback !== 'function' || !isSingle(textOf(command))) {
      void query(alone(beginning), (error: Error | null) => error && end(connection));
      return query(...args);
    }
    if (/^(?:commit|rollback)\b/i.test(textOf(command))) return process.nextTick(callback, null, { rows: [] });
    return query(withBeginning(connection, beginning, command), callback);
  };
  connection.query = joined as typeof connection.query;
}

const alone = ([, limit]: readonly BoundStatement[]): string =>
  limit ? `begin; set local statement_timeout = ${String(limit.values[0])}` : 'begin';

const end = (connection: pg.Client) => protocolOf(connection).stream.destroy();

/**
 * Makes one group of messages for the server (extended query protocol): when one of them fails, it discards the rest of the group, so
 * that no statement runs outside its transaction. The connection ends, because a statement behind the group would.
 */
function withBeginning(connection: pg.Client, beginning: readonly BoundStatement[], command: Command): pg.Query {
  const config = typeof command === 'string' ? { text: command } : command;
  const query = new pg.Query({ ...config, queryMode: 'extended' } as pg.QueryConfig);
  const methods = query as unknown as QueryMethods;
  const { prepare, handleCommandComplete, handleDataRow, handleError } = methods;
  let completed = 0;
  const hasBegun = () => completed === beginning.length;
  methods.prepare = (protocol) => {
    for (const { name, values } of beginning) {
      protocol.bind({ statement: name, values });
      protocol.execute({});
    }
    prepare.call(query, protocol);
  };
  methods.handleCommandComplete = (message, protocol) => {
    if (hasBegun()) handleCommandComplete.call(query, message, protocol);
    else completed += 1;
  };
  methods.handleDataRow = (message) => {
    if (hasBegun()) handleDataRow.call(query, message);
  };
  methods.handleError = (error, protocol) => {
    if (!hasBegun()) end(connection);
    handleError.call(query, error, protocol);
  };
  return query;
}
