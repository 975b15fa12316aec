import { AppError, unavailable } from '@clientela/errors';

const networkErrors = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/** SQLSTATE classes and codes of temporary conditions (PostgreSQL manual, appendix A). */
const temporaryStates = ['08', '53', '57P', '57014', '55P03', '40001', '40P01', '25P03', '25006'];
const connectionLost =
  /Connection terminated|Client has encountered a connection error|not queryable|timeout exceeded when trying to connect|Timeout acquiring a connection|Unable to acquire a connection/i;

/**
 * Maps a database error to a 503 when the database is unreachable, starting, full or busy.
 * @returns undefined for any other error
 */
export function asUnavailable(error: unknown): AppError | undefined {
  if (!(error instanceof Error) || error instanceof AppError) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const isTemporary =
    networkErrors.has(code) ||
    temporaryStates.some((prefix) => code.startsWith(prefix)) ||
    connectionLost.test(error.message);
  return isTemporary ? unavailable('The database is temporarily unavailable', { cause: error }) : undefined;
}
