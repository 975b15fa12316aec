import type { Db, Tx } from '@clientela/db';

class Interruption extends Error {}
type RunInTransaction = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;

/**
 * Repeats a resumable job and interrupts each of its transactions twice: rolled back at first, then committed with the result lost, as when
 * a connection breaks or the process is killed. The first transaction of a run is not interrupted; one with a result is only rolled back.
 * @param run the job, which ends when a transaction returns a result
 */
export async function runInterrupted<Result>(
  db: Db,
  run: (inTransaction: RunInTransaction) => Promise<Result>,
): Promise<{ result: Result; interruptions: number }> {
  for (let interruptions = 0; ; interruptions += 1) {
    const isRolledBack = interruptions % 2 === 0;
    let transactions = 0;
    const inTransaction: RunInTransaction = async (work) => {
      transactions += 1;
      const isInterrupted = transactions === 2;
      const output = await db.transaction(async (tx) => {
        const value = await work(tx);
        if (isInterrupted && isRolledBack) throw new Interruption();
        return value;
      });
      if (isInterrupted && output === undefined) throw new Interruption();
      return output;
    };
    try {
      return { result: await run(inTransaction), interruptions };
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
    }
  }
}
