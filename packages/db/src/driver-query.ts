import pg from 'pg';

// Parts of the driver that its types do not show, and what is built on them.

/** The protocol of a connection, as the driver's own queries use it. */
export type Protocol = pg.Connection & { parsedStatements: Readonly<Record<string, string>>; sync: () => void };
export const protocolOf = (connection: pg.Client): Protocol =>
  (connection as unknown as { connection: Protocol }).connection;

/** What the driver reads the rows of a response by, made from the description of their columns. */
type RowReader = { fields: unknown; _parsers: unknown; _prebuiltEmptyResultObject: unknown };
type Result = RowReader & { rows: unknown[]; addCommandComplete: (message: { text?: string }) => void };

/** What a query does with the server's messages, and the response that it collects. */
export type DriverQuery = {
  prepare: (protocol: Protocol) => void;
  handleCommandComplete: (message: { text?: string }, protocol: Protocol) => void;
  handleDataRow: (message: unknown) => void;
  handleError: (error: Error, protocol: Protocol) => void;
  _result: Result;
};
export const driverQueryOf = (query: pg.Query): DriverQuery => query as unknown as DriverQuery;

const ignore = () => {};

/** What is remembered of a connection. */
type ConnectionState = {
  /** How the rows of its named statements are read: missing for one that was not executed yet. */
  readers: Map<string, RowReader>;
  /** Its protocol, by which a query keeps its statement on the server: after a value that it cannot write, the driver would go on to use it. */
  withoutClose: Protocol;
  /** Its protocol, by which a query asks for no description of the columns either. */
  withoutDescription: Protocol;
  /** Its protocol, by which a query does not end its group of messages either. */
  withoutSync: Protocol;
};
const states = new WeakMap<pg.Client, ConnectionState>();

function stateOf(connection: pg.Client): ConnectionState {
  let state = states.get(connection);
  if (!state) {
    const without = (messages: object) => Object.assign(Object.create(protocolOf(connection)) as Protocol, messages);
    state = {
      readers: new Map(),
      withoutClose: without({ close: ignore }),
      withoutDescription: without({ close: ignore, describe: ignore }),
      withoutSync: without({ close: ignore, describe: ignore, sync: ignore }),
    };
    states.set(connection, state);
  }
  return state;
}

/** Whether the columns of a named statement are known: it was executed on the connection before. */
export const canReadRows = (connection: pg.Client, name: string): boolean => stateOf(connection).readers.has(name);

/**
 * Sends a statement without asking for a description of its columns, and without the end of a group.
 * @returns the query, which reads rows if `canReadRows`
 */
export function sendWithoutSync(connection: pg.Client, config: pg.QueryConfig): DriverQuery {
  const query = driverQueryOf(new pg.Query(config));
  const { _result: result } = query;
  const { readers, withoutSync } = stateOf(connection);
  query.prepare(withoutSync);
  Object.assign(result, readers.get(config.name ?? ''));
  return Object.assign(query, { _accumulateRows: true });
}

/**
 * Makes a query of the driver. A named statement has the same columns at each execution on its connection, or PostgreSQL rejects it
 * ("cached plan must not change result type"). So they are described once: describing 42 columns took an eighth of a get in Node and a sixth in
 * PostgreSQL. (The columns of `fetch` and `execute` are not checked: do not name such a statement.)
 */
export function createQuery(connection: pg.Client, config: pg.QueryConfig & { queryMode?: 'extended' }): pg.Query {
  const query = new pg.Query(config);
  const { name } = config;
  if (name === undefined) return query;
  const { prepare, handleCommandComplete, _result: result } = driverQueryOf(query);
  const { readers, withoutClose, withoutDescription } = stateOf(connection);
  const reader = readers.get(name);
  if (reader) {
    Object.assign(result, reader);
    return Object.assign(query, { prepare: () => prepare.call(query, withoutDescription), _accumulateRows: true });
  }
  return Object.assign(query, {
    prepare: () => prepare.call(query, withoutClose),
    handleCommandComplete: (...message: Parameters<typeof handleCommandComplete>) => {
      const { fields, _parsers, _prebuiltEmptyResultObject } = result;
      readers.set(name, { fields, _parsers, _prebuiltEmptyResultObject });
      handleCommandComplete.apply(query, message);
    },
  });
}
