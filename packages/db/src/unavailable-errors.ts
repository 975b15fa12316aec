import { AppError, asOutOfResources, unavailable } from '@clientela/errors';

const networkErrors = new Set([
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_MEMORY',
  'EAI_SYSTEM',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'ENOTCONN',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** SQLSTATE classes and codes of conditions that the caller did not cause (PostgreSQL manual, appendix A). */
const temporaryStates = [
  '08', // connection exception
  '25006', // read-only transaction: a replica, or after a failover
  '25P03', // idle in transaction for too long
  '25P04', // transaction timeout
  '28', // the service cannot sign in
  '3D000', // the database does not exist
  '40001', // serialization failure
  '40003', // statement completion unknown
  '40P01', // deadlock
  '53', // insufficient resources: disk, memory, connections
  '55006', // object in use
  '55P03', // lock not available
  '57', // operator intervention: shutdown, crash, statement timeout
  '58', // system error: input and output, missing files
];

/** Messages of the driver, of Knex and of its pool, which have no code. */
const connectionLost = new RegExp(
  [
    '^timeout expired$', // the server accepts the connection and says nothing
    '^Query read timeout$',
    '^aborted$', // the pool is closing
    'Connection (?:terminated|ended) unexpectedly',
    'Connection terminated',
    'Client has encountered a connection error',
    'not queryable',
    'timeout exceeded when trying to connect',
    'Timeout acquiring a connection',
    'Unable to acquire a connection',
    'Defined query timeout of \\d+ms exceeded',
    'SSL connection',
  ].join('|'),
  'i',
);

/** Whether a statement failed because its connection had ended. */
export const isConnectionLost = (error: unknown): boolean =>
  error instanceof Error && !('code' in error) && connectionLost.test(error.message);

/**
 * Maps an error to a 503 when the database is unreachable, hung, starting, full, busy or read-only, or when this machine is out
 * of a resource.
 * @returns undefined for any other error
 */
export function asUnavailable(error: unknown): AppError | undefined {
  if (!(error instanceof Error) || error instanceof AppError) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const isTemporary =
    networkErrors.has(code) ||
    temporaryStates.some((prefix) => code.startsWith(prefix)) ||
    (code === '' && connectionLost.test(error.message));
  return isTemporary
    ? unavailable('The database is temporarily unavailable', { cause: error })
    : asOutOfResources(error);
}
