import { randomUUID } from 'node:crypto';
import type { Db, Tx } from '@clientela/db';
import { endFactor } from '../second-factors/factor-lifecycle.ts';
import { revokeSessions } from '../sessions/session-lifecycle.ts';
import { generatePassword, type Passwords } from './passwords.ts';
import { suggestUsername } from './rules.ts';
import { findSuperuser, insertUser, lockSuperusers, lockUser } from './store.ts';
import { publishRegistered, saveUser } from './user-changes.ts';

/** Result for the operator; `password` is set only when it was generated now. */
export type SuperuserResult = { created: boolean; email: string; password?: string };

/** `removeFactor`: whether a reset also removes the second factor. */
export type SuperuserSettings = { email: string; password: string | undefined; removeFactor?: boolean };

/** The actor of the superuser commands, which run without a signed-in user. */
const actor_id = 'service:auth';

/** Creates the installation's superuser when there is none. Safe to run concurrently. */
export async function ensureSuperuser(
  db: Db,
  passwords: Passwords,
  settings: SuperuserSettings,
): Promise<SuperuserResult> {
  const existing = await findSuperuser(db, settings.email);
  if (existing) return { created: false, email: existing.email };
  const { generated, password_hash } = await preparePassword(passwords, settings);
  return db.transaction(async (tx) => {
    await lockSuperusers(tx);
    const concurrent = await findSuperuser(tx, settings.email);
    if (concurrent) return { created: false, email: concurrent.email };
    await createSuperuser(tx, settings.email, password_hash);
    return { created: true, email: settings.email, ...generated };
  });
}

/** Sets a new password for the superuser and revokes its sessions; its second factor stays, unless it is to be removed. Creates the superuser when there is none. */
export async function resetSuperuser(
  db: Db,
  passwords: Passwords,
  settings: SuperuserSettings,
): Promise<SuperuserResult> {
  const { generated, password_hash } = await preparePassword(passwords, settings);
  return db.transaction(async (tx) => {
    await lockSuperusers(tx);
    const superuser = await findSuperuser(tx, settings.email);
    const current = superuser && (await lockUser(tx, superuser.id));
    if (!current) {
      await createSuperuser(tx, settings.email, password_hash);
      return { created: true, email: settings.email, ...generated };
    }
    const origin = { id: actor_id, company_id: null, request_id: randomUUID() };
    const fields_changed = current.is_active ? ['password'] : ['password', 'is_active'];
    await saveUser(tx, origin, current, { password_hash, is_active: true }, fields_changed);
    await revokeSessions(tx, origin, { user_id: current.id });
    if (settings.removeFactor === true && current.mfa_since !== null) await endFactor(tx, origin, current);
    return { created: false, email: current.email, ...generated };
  });
}

async function preparePassword(passwords: Passwords, { password }: SuperuserSettings) {
  const plain = password ?? generatePassword();
  return {
    generated: password === undefined ? { password: plain } : undefined,
    password_hash: await passwords.hash(plain),
  };
}

async function createSuperuser(tx: Tx, email: string, password_hash: string): Promise<void> {
  const user = await insertUser(tx, {
    first_name: 'Super',
    last_name: 'User',
    email,
    username: { suggested: suggestUsername(email) },
    phone: null,
    phone_typed: null,
    company_id: null,
    role: 'superuser',
    password_hash,
  });
  await publishRegistered(tx, user, randomUUID(), actor_id);
}
