import { route, type Cursors, type Route } from '@clientela/http';
import { AuditPage, AuditQuery } from './schema.ts';
import { listAudit } from './store.ts';

export type AuditParts = { cursors: Cursors };

export const auditRoutes = ({ cursors }: AuditParts): Route[] => [
  route({
    method: 'get',
    path: '/api/v1/audit-logs',
    summary: 'Who did what to which record',
    description: 'Newest first, by cursor. It tells names of changed fields, never values.',
    allow: 'audit:read',
    tenancy: 'company-or-all',
    query: AuditQuery,
    responses: { 200: AuditPage },
    handle: async ({ db, scope, query }) => {
      const { cursor, per_page, ...filter } = query;
      const binding = { list: 'audit_logs', scope, filter };
      const [at, id] = cursor ? cursors.decode(cursor, binding) : [];
      const after = at === undefined ? undefined : { at: String(at), id: String(id) };
      // One more than is shown tells whether there is more.
      const rows = await listAudit(db, scope, filter, { after, limit: per_page + 1 });
      const audit_logs = rows.slice(0, per_page);
      const last = rows.length > per_page ? audit_logs.at(-1) : undefined;
      return { audit_logs, per_page, next_cursor: last ? cursors.encode([last.at, last.id], binding) : null };
    },
  }),
];
