import { unavailable } from '@clientela/errors';

const MAX_EXPORTS = 4; // in one process; each has a connection
const MAX_PER_COMPANY = 2;
/** Sorting all keys may precede the first row, so a statement may take a minute. */
export const exportPoolOptions = { name: 'customer exports', pool: MAX_EXPORTS, statementTimeout: 60_000 };

/**
 * Bounds the exports that run at the same time.
 * @returns a function that takes a place for a company and returns the function that gives it back. It throws a 503 when none is free.
 */
export function createExportSlots(): (company_id: string) => () => void {
  const running: string[] = [];
  return (company_id) => {
    const own = running.filter((one) => one === company_id).length;
    if (running.length >= MAX_EXPORTS || own >= MAX_PER_COMPANY)
      throw unavailable('Too many exports are running', { retryAfter: 30 });
    running.push(company_id);
    return () => void running.splice(running.indexOf(company_id), 1);
  };
}
