import { permissionsOf } from '@clientela/contracts';
import { withETag } from '@clientela/http';
import type { User } from './schema.ts';
import type { StoredUser } from './store.ts';

/** Drops the internal columns of a user and adds the permissions of its role. */
export const toUser = ({
  company_status: _status,
  company_country: _country,
  company_requires_mfa: _requiresMfa,
  mfa_since: _mfaSince,
  must_verify_email: _mustVerify,
  name_changed_at: _nameChanged,
  phone_changed_at: _phoneChanged,
  ...user
}: StoredUser): User => ({
  ...user,
  permissions: permissionsOf(user.role),
});

export const toUserResponse = (user: StoredUser) => withETag(user.version, toUser(user));

export const toSavedResponse = (message: string, user: StoredUser) =>
  withETag(user.version, { message, user: toUser(user) });
