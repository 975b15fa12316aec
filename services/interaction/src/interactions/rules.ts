export const statuses = {
  appointment: ['booked', 'done', 'cancelled'],
  complaint: ['open', 'in_progress', 'resolved', 'closed'],
} as const;
export type Status = (typeof statuses)[keyof typeof statuses][number];

/**
 * The status of a new interaction: the given one, else the first of its type; null for a type that has none.
 * @returns undefined when the type does not take the given status
 */
export function statusOf(type: string, given: Status | null | undefined): Status | null | undefined {
  const taken: readonly Status[] = type === 'appointment' || type === 'complaint' ? statuses[type] : [];
  if (given === null || given === undefined) return taken[0] ?? null;
  return taken.includes(given) ? given : undefined;
}
