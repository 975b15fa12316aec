/**
 * The time until which stored times are due, in SQL. Rounded as they are stored, else what is due at once would be due up to half a
 * millisecond later: a claim that follows so soon would miss it.
 */
export const dueUntil = 'cast(now() as timestamptz(3))';
