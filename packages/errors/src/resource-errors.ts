import { unavailable, type AppError } from './errors.ts';

/** Codes of node and the operating system for resources that ran out: temporary, and never the caller's fault. */
export const resourceErrorCodes: ReadonlySet<string> = new Set([
  'EAGAIN',
  'EDQUOT', // disk quota
  'EIO',
  'EMFILE', // open files of the process
  'ENFILE', // open files of the system
  'ENOBUFS',
  'ENOLCK',
  'ENOMEM',
  'ENOSPC', // disk
  'EROFS', // a disk that became read-only
  'ESTALE', // network file system
  'ERR_MEMORY_ALLOCATION_FAILED',
]);

/**
 * Maps an error to a 503 when it, or one of its causes, says that a resource of this machine ran out.
 * @returns undefined for any other error, an AppError among them
 */
export function asOutOfResources(error: unknown): AppError | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    if ('error_code' in cause) return undefined;
    if ('code' in cause && typeof cause.code === 'string' && resourceErrorCodes.has(cause.code))
      return unavailable('The service is temporarily out of resources', { cause: error });
  }
  return undefined;
}
