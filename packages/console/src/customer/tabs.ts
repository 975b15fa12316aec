const tabNames = [
  'timeline',
  'interactions',
  'transactions',
  'orders',
  'complaints',
  'notes',
  'favorites',
  'history',
  'privacy',
] as const;
export type TabName = (typeof tabNames)[number];

/** The tab that is open on the page of a customer. */
export const customerSearch = ({ tab }: Record<string, unknown>): { tab?: TabName } => {
  const known = tabNames.find((name) => name === tab);
  return known ? { tab: known } : {};
};
