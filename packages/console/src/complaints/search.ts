import { day, oneOf } from '../api/search-params.ts';

const priorities = ['low', 'medium', 'high', 'critical'] as const;

export type ComplaintsSearch = {
  priority?: (typeof priorities)[number] | undefined;
  /** Days on which a complaint was made, `2026-01-31`, in the person's time zone. */
  from?: string | undefined;
  to?: string | undefined;
};

/** Reads the filters of the board from its address. */
export const complaintsSearch = (search: Record<string, unknown>): ComplaintsSearch => ({
  priority: oneOf(search['priority'], priorities),
  from: day(search['from']),
  to: day(search['to']),
});
