export const statuses = {
  appointment: ['booked', 'done', 'cancelled'],
  complaint: ['open', 'in_progress', 'resolved', 'closed'],
} as const;
export type Status = (typeof statuses)[keyof typeof statuses][number];

const statusesOf = (type: string): readonly Status[] =>
  type === 'appointment' || type === 'complaint' ? statuses[type] : [];

/** Whether a customer's counters count interactions of this type: those that have a status. */
export const isCounted = (type: string): boolean => statusesOf(type).length > 0;

/**
 * The status of a new interaction: the given one, else the first of its type; null for a type that has none.
 * @returns undefined when the type does not take the given status
 */
export function statusOf(type: string, given: Status | null | undefined): Status | null | undefined {
  const taken = statusesOf(type);
  if (given === null || given === undefined) return taken[0] ?? null;
  return taken.includes(given) ? given : undefined;
}

/**
 * The status of an interaction after a change: the given one, else the one it has; with another type that type's own.
 * @returns undefined when the type does not take the given status, or cannot be without one
 */
export function statusAfter(
  current: { type: string; status: Status | null },
  type: string,
  given: Status | null | undefined,
): Status | null | undefined {
  if (type !== current.type) return statusOf(type, given);
  if (given === undefined) return current.status;
  return given === null && current.status !== null ? undefined : statusOf(type, given);
}
