import { route, type Cursors, type Route } from '@clientela/http';
import { AuditPage, AuditQuery } from './schema.ts';
import { listAudit } from './store.ts';

export type AuditDeps = { cursors: Cursors };

export const auditRoutes = ({ cursors }: AuditDeps): Route[] => [
  route({
    method: 'get',
    path: '/api/v1/audit-logs',
    operation: 'audit_logs.list',
    summary: 'List the audit log',
    description: 'Newest first, by cursor. Entries hold the names of changed fields, never their values.',
    allow: 'audit:read',
    tenancy: 'company-or-all',
    query: AuditQuery,
    responses: { 200: AuditPage },
    handle: async ({ db, scope, query }) => {
      const { cursor, per_page, ...filter } = query;
      const binding = { list: 'audit_logs', scope, filter };
      const [at, id] = cursor ? cursors.decode(cursor, binding) : [];
      const after = at === undefined ? undefined : { at: String(at), id: String(id) };
      const rows = await listAudit(db, scope, filter, { after, limit: per_page + 1 }); // one extra row shows whether there is a next page
      const audit_logs = rows.slice(0, per_page);
      const last = rows.length > per_page ? audit_logs.at(-1) : undefined;
      return { audit_logs, per_page, next_cursor: last ? cursors.encode([last.at, last.id], binding) : null };
    },
  }),
];
