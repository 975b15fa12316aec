import { customerUpdated } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { unavailable } from '@clientela/errors';
import { lockUndeleted, saveChanges, type CustomerTarget } from '../customers/actions.ts';
import { changesBetween } from '../customers/rules.ts';
import type { StoredCustomer } from '../customers/store.ts';
import { recordChange } from '../history/actions.ts';
import { avatarUrl } from './schema.ts';
import { cancelDeletion } from './store.ts';

/**
 * Sets the avatar to a stored file. A trigger schedules the deletion of the previous file.
 * @throws AppError 503 when the upload took so long that the file may have been deleted
 */
export async function setAvatar(tx: Tx, target: CustomerTarget, name: string): Promise<StoredCustomer> {
  const current = await lockUndeleted(tx, target);
  if (!(await cancelDeletion(tx, target.actor.company_id, name)))
    throw unavailable('Storing the picture took too long');
  return changeAvatar(tx, target, current, avatarUrl(name));
}

/** Removes the avatar. A customer without one stays unchanged. */
export async function removeAvatar(tx: Tx, target: CustomerTarget): Promise<StoredCustomer> {
  const current = await lockUndeleted(tx, target);
  return current.avatar_url === null ? current : changeAvatar(tx, target, current, null);
}

async function changeAvatar(tx: Tx, { actor }: CustomerTarget, current: StoredCustomer, avatar_url: string | null) {
  const customer = await saveChanges(tx, actor, current, { avatar_url });
  const changes = changesBetween(current, customer, ['avatar_url']);
  await recordChange(tx, actor, customerUpdated, customer, { fields_changed: ['avatar_url'] }, { changes });
  return customer;
}
