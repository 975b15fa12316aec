import { day, text } from '../api/search-params.ts';

export type AuditSearch = {
  actor?: string | undefined;
  action?: string | undefined;
  resource?: string | undefined;
  /** Days, `2026-01-31`, in the person's time zone. */
  from?: string | undefined;
  to?: string | undefined;
};

/** Reads the filters of the log from its address. */
export const auditSearch = (search: Record<string, unknown>): AuditSearch => ({
  actor: text(search['actor']),
  action: text(search['action']),
  resource: text(search['resource']),
  from: day(search['from']),
  to: day(search['to']),
});
