import type { Tx } from '@clientela/db';
import type { Actor } from '@clientela/http';
import { defaultCompanyName } from '../accounts/rules.ts';
import type { StoredUser } from '../accounts/store.ts';
import { saveChanges } from './actions.ts';
import { lockCompany } from './store.ts';

/**
 * Renames a company that still has its default name.
 * @param defaultName the name derived from its founder
 * @param name the new name; the company's COMP key by default, for a founder who is erased
 */
export async function renameIfDefault(
  tx: Tx,
  actor: Actor,
  id: string,
  defaultName: string,
  name?: string,
): Promise<void> {
  const current = await lockCompany(tx, id);
  if (current?.name === defaultName) await saveChanges(tx, actor, current, { name: name ?? current.company_id });
}

/**
 * Keeps a default company name in step with its founder's name, so that erasure still recognizes it.
 * The caller has locked the company.
 */
export async function syncDefaultCompanyName(
  tx: Tx,
  actor: Actor,
  before: StoredUser,
  after: StoredUser,
): Promise<void> {
  const [previous, name] = [defaultCompanyName(before), defaultCompanyName(after)];
  if (after.business_id === null || previous === name) return;
  await renameIfDefault(tx, actor, after.business_id, previous, name);
}
