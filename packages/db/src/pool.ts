import type pg from 'pg';
import { protocolOf } from './driver-query.ts';

/** Knex's pool replaces a connection that is marked as disposed, when it is asked for it. */
const disposed = '__knex__disposed';

/** A connection of a pool. */
export type Connection = pg.Client & { [disposed]?: unknown };

/** Has the pool replace a connection. @param reason why it can no longer be used */
export function disposeOf(connection: Connection, reason: unknown): void {
  connection[disposed] = reason;
}

/** Ends a connection at once, of which the pool makes no more use. @param reason why it can no longer be used */
export function endConnection(connection: Connection, reason: unknown): void {
  disposeOf(connection, reason);
  protocolOf(connection).stream.destroy();
}
