import type { OwnChanges } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { changedValues } from '@clientela/http';
import { shareCompanyRow } from '../companies/store.ts';
import { splitName } from './rules.ts';
import { lockUser, type StoredUser, type UserColumns } from './store.ts';
import { saveUser, type UserOrigin } from './user-changes.ts';

/** Who changed the own record, in its company. */
type FollowedOrigin = Pick<UserOrigin, 'request_id'> & { id: string; company_id: string };

/**
 * Copies what a person changed in its own customer record to its user of role customer. A field that changed in auth later stays, as do
 * values that the person removed.
 */
export async function followOwnChanges(tx: Tx, origin: FollowedOrigin, changes: OwnChanges): Promise<void> {
  await shareCompanyRow(tx, origin.company_id);
  const user = await lockUser(tx, origin.id);
  if (!user || user.role !== 'customer' || user.business_id !== origin.company_id) return;
  const { fields, times } = laterChanges(user, changes);
  const columns: UserColumns = changedValues(fields, user);
  const fields_changed = Object.keys(columns);
  if (fields_changed.length === 0) return;
  if (columns.phone) columns.phone_typed = columns.phone;
  await saveUser(tx, { ...origin, followed: true }, user, { ...columns, ...times }, fields_changed);
}

function laterChanges(user: StoredUser, { name, phone }: OwnChanges) {
  const fields: UserColumns = {};
  const times: UserColumns = {};
  const isLater = (there: string, here: string | null) => here === null || there > here;
  if (name && isLater(name.changed_at, user.name_changed_at)) {
    const names = name.firstname
      ? { first_name: name.firstname, last_name: name.lastname }
      : splitName(name.full_name ?? '');
    if (names.first_name !== '') Object.assign(fields, names);
    times.name_changed_at = name.changed_at;
  }
  if (phone?.value && isLater(phone.changed_at, user.phone_changed_at)) {
    fields.phone = phone.value;
    times.phone_changed_at = phone.changed_at;
  }
  return { fields, times };
}
