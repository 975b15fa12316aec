import type { Tx } from '@clientela/db';
import type { Actor } from '@clientela/http';
import { foundedBy } from '../accounts/rules.ts';
import type { StoredUser } from '../accounts/store.ts';
import { save } from './actions.ts';
import { lockCompany } from './store.ts';

/** Renames a company that is still called so: with its founder, and by its key once that one is erased. */
export async function renameIfCalled(tx: Tx, actor: Actor, id: string, called: string, name?: string): Promise<void> {
  const current = await lockCompany(tx, id);
  if (current?.name === called) await save(tx, actor, current, { name: name ?? current.company_id });
}

/**
 * A company that is called after its founder is so by the name that this one has now: else an erasure would not know the old one. Whoever
 * calls holds the company.
 */
export async function followFounder(tx: Tx, actor: Actor, before: StoredUser, after: StoredUser): Promise<void> {
  const [called, name] = [foundedBy(before), foundedBy(after)];
  if (after.business_id !== null && called !== name) await renameIfCalled(tx, actor, after.business_id, called, name);
}
