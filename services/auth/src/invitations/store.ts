import { accessLevel, roles, type Role } from '@clientela/contracts';
import { newId, paginateByOffset, whereCompany, type Db, type OffsetPage, type Scope, type Tx } from '@clientela/db';
import type { Language } from '../mails/schema.ts';
import { hashToken } from '../tokens/token.ts';
import type { Invitation } from './schema.ts';

/** Days for which an invitation is valid, from the moment its mail is sent. */
const VALID_DAYS = 7;

/** Fields of the user to be, besides e-mail, role and name. */
export type InvitedAccount = {
  username?: string | undefined;
  first_name?: string | undefined;
  last_name?: string | null | undefined;
  phone?: string | null | undefined;
  address?: string | null | undefined;
  document_type?: string | null | undefined;
  number_document_identity?: string | null | undefined;
};

export type StoredInvitation = Invitation & {
  invited_account: InvitedAccount;
  company_name: string;
  company_country: string;
  company_status: string;
  /** Whether a user has its address by now. */
  is_taken: boolean;
  /** Seconds since its latest mail was queued. */
  sent_ago: number;
};

const inviters = roles.filter((role) => accessLevel(role, 'users:create') === 'any');
/** Whether who invited could still do so: active, in the company, with the permission, and of a role that is not below the invited one. */
const maySender = `exists (
  select 1 from users m where m.id = i.invited_by and m.is_active and m.role = any(array[${inviters.map((role) => `'${role}'`).join()}])
     and (m.role = 'superuser' or m.company_id = i.company_id)
     and array_position(array[${roles.map((role) => `'${role}'`).join()}], m.role)
      >= array_position(array[${roles.map((role) => `'${role}'`).join()}], i.role))`;
const isTaken = 'exists (select 1 from users t where t.email_key = i.email_key)';
const status = `case when i.accepted_at is not null then 'accepted'
  when i.revoked_at is not null or ${isTaken} or not ${maySender} then 'revoked'
  when i.expires_at <= now() then 'expired' when i.opened_at is not null then 'opened' else 'sent' end`;

const columns = (db: Db) => [
  'i.id',
  'i.email',
  'i.role',
  'i.name',
  'i.language',
  'c.company_id',
  'i.company_id as business_id',
  db.raw(`${status} as status`),
  'i.expires_at',
  'i.invited_by',
  'i.created_at',
  'i.version',
];

const selectInvitations = (db: Db) =>
  db('invitations as i')
    .join('companies as c', 'c.id', 'i.company_id')
    .select(columns(db))
    .select('i.invited_account', 'c.name as company_name', 'c.country as company_country', 'c.status as company_status')
    .select(db.raw(`${isTaken} as is_taken`), db.raw('extract(epoch from now() - i.sent_at)::float8 as sent_ago'));

export const findInvitation = async (db: Db, id: string): Promise<StoredInvitation | undefined> =>
  selectInvitations(db).where('i.id', id).first();

/** Finds an invitation by its token, unless it was accepted, revoked by hand, or replaced. */
export const findInvitationByToken = async (db: Db, token: string): Promise<StoredInvitation | undefined> =>
  selectInvitations(db).where('i.token_hash', hashToken(token)).first();

export const listInvitations = (
  db: Db,
  scope: Scope,
  request: { limit: number; offset: number },
): Promise<OffsetPage<Invitation>> =>
  paginateByOffset<Invitation>(
    whereCompany(db('invitations as i'), scope, 'i.company_id').join('companies as c', 'c.id', 'i.company_id'),
    columns(db),
    { ...request, sort: [{ column: 'i.created_at', descending: true }] },
    { isFiltered: true },
  );

const pending = (db: Db, company_id: string) =>
  db('invitations').where({ company_id }).whereNull('accepted_at').whereNull('revoked_at');

/** Counts the invitations of a company that could still be accepted. */
export async function countPending(db: Db, company_id: string): Promise<number> {
  const [row] = await pending(db, company_id).whereRaw('expires_at > now()').count({ invitations: '*' });
  return Number(row?.['invitations'] ?? 0);
}

/** Seconds since the latest mail to an address from the company, whatever became of the invitation; undefined without one. */
export async function secondsSinceMail(db: Db, company_id: string, email: string): Promise<number | undefined> {
  const sent = db('invitations').where({ company_id }).whereRaw('email_key = lower(?)', [email]);
  return secondsSince(db, sent.orderBy('sent_at', 'desc'), 'sent_at');
}

/** Seconds since the nth latest invitation of the company; undefined when it made fewer. */
export const secondsSinceInvitation = (db: Db, company_id: string, nth: number): Promise<number | undefined> =>
  secondsSince(
    db,
    db('invitations')
      .where({ company_id })
      .orderBy('created_at', 'desc')
      .offset(nth - 1),
    'created_at',
  );

async function secondsSince(db: Db, rows: ReturnType<typeof pending>, column: string): Promise<number | undefined> {
  const row = (await rows.select(db.raw('extract(epoch from now() - ??)::float8 as seconds', [column])).first()) as
    | { seconds: number }
    | undefined;
  return row?.seconds;
}

const revocation = (db: Db) => ({
  revoked_at: db.fn.now(),
  token_hash: null,
  invited_account: '{}', // nobody needs the personal data any longer
  version: db.raw('version + 1'),
});

/** Revokes earlier invitations of an address into the company, which a new one replaces. */
export const revokeEarlier = (tx: Tx, company_id: string, email: string): Promise<number> =>
  pending(tx, company_id).whereRaw('email_key = lower(?)', [email]).update(revocation(tx));

export const revokeInvitation = (tx: Tx, company_id: string, id: string): Promise<number> =>
  pending(tx, company_id).where({ id }).update(revocation(tx));

export type RevokedInvitation = { id: string; company_id: string };

/** Ends pending invitations. Their tokens stay known, so that who has the link is told why. Links them to a user who has the address. */
async function endPending(tx: Tx, where: string, values: Record<string, string>): Promise<RevokedInvitation[]> {
  const { rows } = await tx.raw<{ rows: RevokedInvitation[] }>(
    `update invitations i set revoked_at = now(), invited_account = '{}', version = i.version + 1,
            user_id = (select u.id from users u where u.email_key = i.email_key and u.company_id = i.company_id)
      where i.accepted_at is null and i.revoked_at is null and ${where} returning i.id, i.company_id`,
    values,
  );
  return rows;
}

/** Ends what a user invited, and may no longer invite unless `isGone`, which ends everything. */
export const revokeMadeBy = (tx: Tx, user_id: string, isGone: boolean): Promise<RevokedInvitation[]> =>
  endPending(tx, `i.invited_by = :user_id ${isGone ? '' : `and not ${maySender}`}`, { user_id });

/** Ends the invitations of an address in all companies, but one that is being accepted: that one waits for this transaction and fails. */
export const revokeTaken = (tx: Tx, email: string): Promise<RevokedInvitation[]> =>
  endPending(
    tx,
    `i.id in (select p.id from invitations p where p.email_key = lower(:email) and p.accepted_at is null and p.revoked_at is null
                 for update skip locked)`,
    { email },
  );

/** Ends an invitation whose address has a user, or whose maker may no longer invite. */
export const revokeLapsed = (tx: Tx, id: string): Promise<RevokedInvitation[]> =>
  endPending(tx, `i.id = :id and (${isTaken} or not ${maySender})`, { id });

export type NewInvitation = {
  company_id: string;
  email: string;
  role: Role;
  name: string | null;
  language: Language;
  invited_account: InvitedAccount;
  invited_by: string;
};

const expiry = (db: Db) => db.raw('now() + make_interval(days => ?)', [VALID_DAYS]);

export async function insertInvitation(tx: Tx, invitation: NewInvitation, token: string): Promise<StoredInvitation> {
  const id = newId();
  await tx('invitations').insert({
    ...invitation,
    id,
    invited_account: JSON.stringify(invitation.invited_account),
    token_hash: hashToken(token),
    expires_at: expiry(tx),
  });
  return (await findInvitation(tx, id)) as StoredInvitation;
}

/** Gives an invitation a new token, which ends the one before. */
export async function renewInvitation(
  tx: Tx,
  { id, business_id }: Pick<Invitation, 'id' | 'business_id'>,
  token: string,
): Promise<StoredInvitation | undefined> {
  await pending(tx, business_id)
    .where({ id })
    .update({
      token_hash: hashToken(token),
      expires_at: expiry(tx),
      sent_at: tx.fn.now(),
      opened_at: null,
      version: tx.raw('version + 1'),
    });
  return findInvitation(tx, id);
}

/** Begins the validity of an invitation again, because its mail is sent only now. @returns whether it can still be accepted */
export async function extendInvitation(db: Db, token: string): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    `update invitations i set expires_at = now() + make_interval(days => :days)
      where i.token_hash = :hash and i.accepted_at is null and i.revoked_at is null and not ${isTaken} and ${maySender} returning 1`,
    { hash: hashToken(token), days: VALID_DAYS },
  );
  return rows.length > 0;
}

export const markOpened = (tx: Tx, company_id: string, id: string): Promise<number> =>
  pending(tx, company_id)
    .where({ id })
    .whereNull('opened_at')
    .update({ opened_at: tx.fn.now(), version: tx.raw('version + 1') });

/** Spends the token of an invitation in one statement: of several concurrent requests one succeeds. @returns whether it was valid */
export async function spendInvitation(tx: Tx, company_id: string, token: string): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `update invitations i set accepted_at = now(), token_hash = null, invited_account = '{}', version = version + 1
      where i.company_id = :company_id and i.token_hash = :hash and i.expires_at > now() and i.accepted_at is null and i.revoked_at is null
        and ${maySender} returning 1`,
    { company_id, hash: hashToken(token) },
  );
  return rows.length > 0;
}

/**
 * Links all invitations of a user's address into its company, ended ones too, so that they are exported and erased with the user. One that
 * is being accepted waits for this transaction, fails, and is linked when it is revoked.
 */
export const linkInvitations = (tx: Tx, company_id: string, { id, email }: { id: string; email: string }) =>
  tx('invitations')
    .whereIn(
      'id',
      tx('invitations')
        .select('id')
        .where({ company_id })
        .whereNull('user_id')
        .whereRaw('email_key = lower(?)', [email])
        .forUpdate()
        .skipLocked(),
    )
    .update({ user_id: id });

/** Deletes invitations that ended 90 days ago. */
export const deleteOldInvitations = (db: Db): Promise<number> =>
  db('invitations')
    .whereIn('id', db('invitations').select('id').whereRaw(`expires_at < now() - interval '90 days'`).limit(10_000))
    .delete();
