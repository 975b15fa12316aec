import { AppError, unavailable } from '@clientela/errors';

const unreachable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/** SQLSTATEs that say "not now", by class or code (PostgreSQL manual, appendix A). */
const passing = ['08', '53', '57P', '57014', '55P03', '40001', '40P01', '25P03', '25006'];
const lost =
  /Connection terminated|Client has encountered a connection error|not queryable|timeout exceeded when trying to connect|Timeout acquiring a connection|Unable to acquire a connection/i;

/**
 * What a database error means for the caller: a 503 when the database is away, starting, full or busy;
 * undefined for anything else (a fault of the code).
 */
export function asUnavailable(error: unknown): AppError | undefined {
  if (!(error instanceof Error) || error instanceof AppError) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const away = unreachable.has(code) || passing.some((prefix) => code.startsWith(prefix)) || lost.test(error.message);
  return away ? unavailable('The database does not answer at the moment', { cause: error }) : undefined;
}
