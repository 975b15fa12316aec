import { randomUUID } from 'node:crypto';
import type { Db, Tx } from '@clientela/db';
import { revokeSessions } from '../sessions/lifetime.ts';
import { announced, write } from './changes.ts';
import { newPassword, type Passwords } from './passwords.ts';
import { usernameFrom } from './rules.ts';
import { findSuperuser, insertUser, lockSuperusers, lockUser } from './store.ts';

/** What the one who sets it up is told; `password` only when it was generated now. */
export type Superuser = { made: boolean; email: string; password?: string };

export type SuperuserSettings = { email: string; password: string | undefined };

/** No user is signed in where these run: the service acts for itself. */
const actor_id = 'service:auth';

/** Makes the installation's superuser when there is none. Safe when several run at once. */
export async function ensureSuperuser(db: Db, passwords: Passwords, settings: SuperuserSettings): Promise<Superuser> {
  const existing = await findSuperuser(db, settings.email);
  if (existing) return { made: false, email: existing.email };
  const { generated, password_hash } = await chosen(passwords, settings);
  return db.transaction(async (tx) => {
    await lockSuperusers(tx);
    const meanwhile = await findSuperuser(tx, settings.email);
    if (meanwhile) return { made: false, email: meanwhile.email };
    await makeSuperuser(tx, settings.email, password_hash);
    return { made: true, email: settings.email, ...generated };
  });
}

/** Gives the superuser a new password and ends its sessions; makes one when there is none. */
export async function resetSuperuser(db: Db, passwords: Passwords, settings: SuperuserSettings): Promise<Superuser> {
  const { generated, password_hash } = await chosen(passwords, settings);
  return db.transaction(async (tx) => {
    await lockSuperusers(tx);
    const found = await findSuperuser(tx, settings.email);
    const current = found && (await lockUser(tx, found.id));
    if (!current) {
      await makeSuperuser(tx, settings.email, password_hash);
      return { made: true, email: settings.email, ...generated };
    }
    const cause = { id: actor_id, company_id: null, request_id: randomUUID() };
    const fields_changed = current.is_active ? ['password'] : ['password', 'is_active'];
    await write(tx, cause, current, { password_hash, is_active: true }, fields_changed);
    await revokeSessions(tx, cause, { user_id: current.id });
    return { made: false, email: current.email, ...generated };
  });
}

async function chosen(passwords: Passwords, { password }: SuperuserSettings) {
  const plain = password ?? newPassword();
  return {
    generated: password === undefined ? { password: plain } : undefined,
    password_hash: await passwords.hash(plain),
  };
}

async function makeSuperuser(tx: Tx, email: string, password_hash: string): Promise<void> {
  const user = await insertUser(tx, {
    first_name: 'Super',
    last_name: 'User',
    email,
    username: { like: usernameFrom(email) },
    phone: null,
    phone_typed: null,
    company_id: null,
    role: 'superuser',
    password_hash,
  });
  await announced(tx, user, randomUUID(), actor_id);
}
