import { oneOf, pageNumber, text } from '../api/search-params.ts';

export const roles = ['customer', 'viewer', 'manager', 'admin'] as const;
export type StaffRole = (typeof roles)[number];

export type TeamSearch = {
  search?: string | undefined;
  role?: StaffRole | undefined;
  state?: 'active' | 'inactive' | undefined;
  page?: number | undefined;
};

/** Reads the filters of the list from its address. */
export const teamSearch = (search: Record<string, unknown>): TeamSearch => ({
  search: text(search['search']),
  role: oneOf(search['role'], roles),
  state: oneOf(search['state'], ['active', 'inactive']),
  page: pageNumber(search['page']),
});

/** The roles that somebody may grant: up to the own one. */
export const grantable = (own: string): readonly StaffRole[] => {
  const place = roles.findIndex((role) => role === own);
  return place === -1 ? roles : roles.slice(0, place + 1);
};
