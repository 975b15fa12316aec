import type { Statement } from '@clientela/db';
import type { Log } from '@clientela/runtime';

export type StatementLogger = (statement: Statement) => void;

/** Logs each database statement with its duration and without its values, at level debug only. Undefined at any other level. */
export const statementLogger = (log: Log): StatementLogger | undefined =>
  log.isLevelEnabled('debug') ? (statement) => log.debug(statement, 'statement') : undefined;
