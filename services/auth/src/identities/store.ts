import { mapConstraintErrors, newId, type Db, type Tx } from '@clientela/db';
import { conflict } from '@clientela/errors';
import { generateToken, hashToken } from '../tokens/token.ts';
import type { ProvenIdentity } from './provider.ts';

/** Minutes in which a code is exchanged. An invitation leaves time to read its page. */
const CODE_MINUTES = 5;

/** A spent code: who signed in at the provider, and the user whom that is or may be joined to. */
export type SpentCode = ProvenIdentity & { user_id: string | null };

type Key = Pick<ProvenIdentity, 'issuer' | 'subject'>;

const byKey = (db: Db, { issuer, subject }: Key) => db('identities').where({ issuer, subject });

/** Finds the user who has an identity. */
export const findIdentityOwner = async (db: Db, key: Key): Promise<string | undefined> =>
  (await byKey(db, key).first<{ user_id: string } | undefined>('user_id'))?.user_id;

/** @throws AppError 409 when another user has the identity */
export const insertIdentity = (
  tx: Tx,
  user_id: string,
  { provider, issuer, subject }: ProvenIdentity,
): Promise<unknown> =>
  mapConstraintErrors(tx('identities').insert({ id: newId(), user_id, provider, issuer, subject }), {
    identities_subject_taken: () =>
      conflict({ error_code: 'IDENTITY_TAKEN', detail: 'Another user signs in with this account of the provider' }),
  });

/** Joins an identity unless a user has it. @returns whether it was joined */
export async function joinIdentity(
  tx: Tx,
  user_id: string,
  { provider, issuer, subject }: ProvenIdentity,
): Promise<boolean> {
  const insert = tx('identities').insert({ id: newId(), user_id, provider, issuer, subject });
  return (await insert.onConflict(['issuer', 'subject']).ignore().returning('id')).length > 0;
}

/** @returns whether the user has the identity */
export const markIdentityUsed = async (tx: Tx, user_id: string, key: Key): Promise<boolean> =>
  (await byKey(tx, key).where({ user_id }).update({ last_used_at: tx.fn.now() })) > 0;

export const countIdentities = async (tx: Tx, user_id: string): Promise<number> =>
  Number((await tx('identities').where({ user_id }).count({ identities: '*' }).first())?.['identities'] ?? 0);

/** @returns whether the user had it */
export const deleteIdentity = async (tx: Tx, user_id: string, id: string): Promise<boolean> =>
  (await tx('identities').where({ user_id, id }).delete()) > 0;

/** Whether a user can sign in: by a password, or by an identity of one of these issuers. */
export async function hasWayIn(tx: Tx, user_id: string, issuers: readonly string[]): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select 1 from users u where u.id = :user_id and (u.password_hash is not null
       or exists (select 1 from identities i where i.user_id = u.id and i.issuer = any(:issuers)))`,
    { user_id, issuers: [...issuers] },
  );
  return rows.length > 0;
}

/** @returns the code, which is stored as a hash only */
export async function insertCode(
  tx: Tx,
  { provider, issuer, subject, email, name, user_id }: SpentCode,
): Promise<string> {
  const code = generateToken();
  await tx('oidc_codes').insert({
    id: newId(),
    code_hash: hashToken(code),
    user_id,
    provider,
    issuer,
    subject,
    email,
    name,
    expires_at: tx.raw('now() + make_interval(mins => ?)', [CODE_MINUTES]),
  });
  return code;
}

const columns = ['provider', 'issuer', 'subject', 'email', 'name', 'user_id'];
const valid = (db: Db, code: string) =>
  db('oidc_codes')
    .where({ code_hash: hashToken(code) })
    .whereRaw('expires_at > now()');

/** Finds a code without spending it. */
export const findCode = async (db: Db, code: string): Promise<SpentCode | undefined> =>
  valid(db, code).select(columns).first() as Promise<SpentCode | undefined>;

/** Spends a code in one statement: of several concurrent requests one succeeds. @returns undefined unless it was valid */
export async function spendCode(tx: Tx, code: string): Promise<SpentCode | undefined> {
  const [spent]: SpentCode[] = await valid(tx, code).update({ code_hash: null }).returning(columns);
  return spent;
}

/** Deletes codes that were spent or have expired. */
export const deleteOldCodes = (db: Db): Promise<number> =>
  db('oidc_codes')
    .whereIn('id', db('oidc_codes').select('id').whereRaw('expires_at < now()').orWhereNull('code_hash').limit(10_000))
    .delete();
