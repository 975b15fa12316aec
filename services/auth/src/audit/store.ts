import { isUuid, newId, whereCompany, type Db, type Scope, type Tx } from '@clientela/db';
import type { AuditFilter, AuditLog } from './schema.ts';

/** One line of the trail: who did what to which record. It says which fields changed, never from what or to what. */
export type AuditEntry = {
  /** A user's id, or `service:<name>`; null when nobody was signed in and nobody is known. */
  actor_id: string | null;
  /** `user.role.changed`, `sign_in`, `sign_in.refused`: a fact in the past, as events are named. */
  action: string;
  resource_type?: string | null;
  resource_id?: string | null;
  /** The UUID of the company whose trail it belongs to; null for what belongs to none. */
  company_id: string | null;
  fields?: readonly string[];
  result?: 'done' | 'refused';
  /** Where it came from; of security events only. */
  ip?: string | null;
  request_id: string;
  /** When it happened, if that is not now. */
  at?: string;
};

/**
 * Adds a line to the trail, in the transaction of what it tells: neither is there without the other.
 * @param held whether the transaction keeps the user whose address it is from being removed: it need not be asked then
 */
export async function audit(tx: Tx, { at, fields = [], ...entry }: AuditEntry, held = false): Promise<void> {
  const ip = (entry.ip ?? null) !== null && (held || (await isThere(tx, entry))) ? entry.ip : null;
  await tx('audit_logs').insert({ ...entry, ip, id: newId(), fields: [...fields], ...(at !== undefined && { at }) });
}

/** Until the transaction ends, no address of a user gets into the trail; those that are on their way there are waited for. */
export const holdTrail = (tx: Tx, user_id: string) =>
  tx.raw(`select pg_advisory_xact_lock(hashtextextended('trail of ' || ?, 0))`, [user_id]);

/**
 * Whether the one whose address it is may be known: what comes late, by the token of a user who was removed, leaves none. It stays so until
 * the transaction ends.
 */
async function isThere(tx: Tx, { actor_id, resource_id }: AuditEntry): Promise<boolean> {
  const id = actor_id ?? resource_id ?? '';
  if (!isUuid(id)) return true; // a service, or nobody that is known
  await tx.raw(`select pg_advisory_xact_lock_shared(hashtextextended('trail of ' || ?, 0))`, [id]);
  return (await tx('users').select('id').where({ id }).first()) !== undefined;
}

/** Where a page goes on: after this line, which is older or has the smaller id. */
export type Position = { at: string; id: string };

/** The trail of one company, or of all, the newest first; never more than `limit` lines. */
export async function listAudit(
  db: Db,
  scope: Scope,
  { actor, action, resource, from, to }: AuditFilter,
  { after, limit }: { after: Position | undefined; limit: number },
): Promise<AuditLog[]> {
  const found = whereCompany(db('audit_logs as a'), scope, 'a.company_id')
    .leftJoin('companies as c', 'c.id', 'a.company_id')
    .select(...columns)
    .orderBy([
      { column: 'a.at', order: 'desc' },
      { column: 'a.id', order: 'desc' },
    ])
    .limit(limit);
  if (actor) void found.where('a.actor_id', actor);
  if (action) void found.where('a.action', action);
  if (resource?.type) void found.where('a.resource_type', resource.type);
  if (resource?.id) void found.where('a.resource_id', resource.id);
  if (from) void found.where('a.at', '>=', from);
  if (to) void found.where('a.at', '<=', to);
  if (after) void found.whereRaw('(a.at, a.id) < (?, ?)', [after.at, after.id]);
  return (await found) as AuditLog[];
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
  'a.result',
  'a.ip',
  'a.request_id',
];
