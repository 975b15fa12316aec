import pg from 'pg';
import { vi } from 'vitest';

/** What every statement with values passes in the driver, whether it is sent alone or together with others. */
type Preparation = { prepare: (this: { text: string }) => void };

/** Lists the texts of the statements that the process sends while `work` runs, without those that begin and end transactions. */
export async function recordStatements(work: () => Promise<void>): Promise<string[]> {
  const prepare = vi.spyOn(pg.Query.prototype as unknown as Preparation, 'prepare');
  try {
    await work();
    return prepare.mock.contexts.map(({ text }) => text).filter((text) => text !== 'begin' && text !== 'commit');
  } finally {
    prepare.mockRestore();
  }
}
