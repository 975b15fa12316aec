import type { Db } from '@clientela/db';
import { invalid } from '@clientela/errors';
import type { Passwords } from '../accounts/passwords.ts';
import type { PasswordProof } from './actions.ts';
import { findCredentials, type StoredCredentials } from './store.ts';

/** Verifies the current password of a signed-in user. */
export async function provePassword(
  passwords: Passwords,
  db: Db,
  user_id: string,
  password: string,
  signal: AbortSignal,
): Promise<PasswordProof> {
  let credentials: StoredCredentials | undefined;
  const find = async () => {
    credentials = await findCredentials(db, user_id);
    return credentials?.password_hash;
  };
  const { isValid } = await passwords.verify(password, find, signal);
  return { credentials, isValid };
}

/** The same 422 for a wrong password and for an account that is locked. */
export const wrongPassword = () => invalid([{ path: 'current_password', message: 'is not your password' }]);
