import {
  executeLater,
  isUuid,
  newId,
  whereCompany,
  whereKeyset,
  type Db,
  type NamedStatement,
  type Scope,
  type Tx,
} from '@clientela/db';
import type { AuditFilter, AuditLog } from './schema.ts';

/** Records who did what to which resource: the names of changed fields, never their values. */
export type AuditEntry = {
  /** A user id, or `service:<name>`; null without a signed-in or known user. */
  actor_id: string | null;
  /** `user.role.changed`, `sign_in`, `sign_in.refused`: named in the past, as events are. */
  action: string;
  resource_type?: string | null;
  resource_id?: string | null;
  /** The UUID of the company whose audit log it belongs to; null for none. */
  company_id: string | null;
  fields?: readonly string[];
  /** What the other columns do not say; never a person's values. */
  details?: Readonly<Record<string, unknown>>;
  result?: 'done' | 'refused';
  /** The client's address, for security events only. */
  ip?: string | null;
  request_id: string;
  /** When it happened; now by default. */
  at?: string;
};

/** Adds an audit entry in the transaction of the change it describes, with its next statement. */
export async function audit(tx: Tx, entry: AuditEntry): Promise<void> {
  const { ip = null } = entry;
  auditAll(tx, [{ ...entry, ip: ip !== null && (await mayStoreAddress(tx, entry)) ? ip : null }]);
}

const insertEntries: NamedStatement = {
  name: 'insert_audit_entries',
  text: `insert into audit_logs (id, at, actor_id, action, resource_type, resource_id, company_id, fields, details, result, ip, request_id)
    select id, coalesce(at, now()), actor_id, action, resource_type, resource_id, company_id, coalesce(fields, '{}'), details,
        coalesce(result, 'done'), ip, request_id
      from jsonb_to_recordset($1::jsonb) as entry (id uuid, at timestamptz, actor_id text, action text, resource_type text,
        resource_id text, company_id uuid, fields text[], details jsonb, result text, ip text, request_id text)`,
};

/** Adds audit entries that have no address, or whose user the transaction has locked, in one statement, with its next one. */
export const auditAll = (tx: Tx, entries: readonly AuditEntry[]): void =>
  executeLater(tx, insertEntries, [JSON.stringify(entries.map((entry) => ({ id: newId(), ...entry })))]);

/** Waits for concurrent audit entries about the user and blocks new addresses of the user until the transaction ends. */
export const lockAuditLog = (tx: Tx, user_id: string) =>
  tx.raw(`select pg_advisory_xact_lock(hashtextextended('audit log of ' || ?, 0))`, [user_id]);

/**
 * Tells whether the entry may hold an address. After a user is removed it may not, because the erasure of addresses has already run.
 * The shared lock keeps the result valid until the transaction ends.
 */
async function mayStoreAddress(tx: Tx, { actor_id, resource_id }: AuditEntry): Promise<boolean> {
  const id = actor_id ?? resource_id ?? '';
  if (!isUuid(id)) return true; // a service, or an unknown user
  await tx.raw(`select pg_advisory_xact_lock_shared(hashtextextended('audit log of ' || ?, 0))`, [id]);
  return (await tx('users').select('id').where({ id }).first()) !== undefined;
}

/** Keyset position: the next page starts with the entry before this one in time, or with a smaller id. */
export type AuditPosition = { at: string; id: string };

/** Lists entries of the scope, newest first, at most `limit`. */
export async function listAudit(
  db: Db,
  scope: Scope,
  { actor, action, resource, from, to }: AuditFilter,
  { after, limit }: { after: AuditPosition | undefined; limit: number },
): Promise<AuditLog[]> {
  const query = whereCompany(db('audit_logs as a'), scope, 'a.company_id')
    .leftJoin('companies as c', 'c.id', 'a.company_id')
    .select(...columns)
    .orderBy([
      { column: 'a.at', order: 'desc' },
      { column: 'a.id', order: 'desc' },
    ])
    .limit(limit);
  if (actor) void query.where('a.actor_id', actor);
  if (action) void query.where('a.action', action);
  if (resource?.type) void query.where('a.resource_type', resource.type);
  if (resource?.id) void query.where('a.resource_id', resource.id);
  if (from) void query.where('a.at', '>=', from);
  if (to) void query.where('a.at', '<=', to);
  if (after) void whereKeyset(query, ['a.at', 'a.id'], '<', [after.at, after.id]);
  return (await query) as AuditLog[];
}

const columns = [
  'a.id',
  'a.at',
  'a.actor_id',
  'a.action',
  'a.resource_type',
  'a.resource_id',
  'c.company_id',
  'a.company_id as business_id',
  'a.fields',
  'a.details',
  'a.result',
  'a.ip',
  'a.request_id',
];
