import type { Db, Tx } from '@clientela/db';
import { onTestFinished } from 'vitest';

/** Opens a transaction that ends with the test at the latest: a pool waits for an open one for ever when it is closed. */
export async function heldTransaction(pool: Db): Promise<Tx> {
  const tx = await pool.transaction();
  onTestFinished(async () => {
    if (!tx.isCompleted()) await tx.rollback().catch(() => {}); // its connection may be lost
  });
  return tx;
}
