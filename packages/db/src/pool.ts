import type pg from 'pg';

/** Knex's pool replaces a connection that is marked as disposed, when it is asked for it. */
const disposed = '__knex__disposed';

/** A connection of a pool. */
export type Connection = pg.Client & { [disposed]?: unknown };

/** Has the pool replace a connection. @param reason why it can no longer be used */
export function disposeOf(connection: Connection, reason: unknown): void {
  connection[disposed] = reason;
}
