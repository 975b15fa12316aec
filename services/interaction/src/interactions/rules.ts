import type { TimeOrder } from '../lists/rules.ts';

export const statuses = {
  appointment: ['booked', 'done', 'cancelled'],
  complaint: ['open', 'in_progress', 'resolved', 'closed'],
} as const;
export type Status = (typeof statuses)[keyof typeof statuses][number];

const statusesOf = (type: string): readonly Status[] =>
  type === 'appointment' || type === 'complaint' ? statuses[type] : [];

/** Whether the customer's counters include this type: types with a status do. */
export const isCountedType = (type: string): boolean => statusesOf(type).length > 0;

/**
 * Chooses the status of a new interaction: the requested one, else the first of its type, or null for a type without statuses.
 * @returns undefined when the requested status does not belong to the type
 */
export function initialStatus(type: string, requested: Status | null | undefined): Status | null | undefined {
  const allowed = statusesOf(type);
  if (requested === null || requested === undefined) return allowed[0] ?? null;
  return allowed.includes(requested) ? requested : undefined;
}

/**
 * Chooses the status after a change: the requested one, else the current one; a new type starts with its own first status.
 * @returns undefined when the requested status does not belong to the type, or the type requires a status
 */
export function statusAfterChange(
  current: { type: string; status: Status | null },
  type: string,
  requested: Status | null | undefined,
): Status | null | undefined {
  if (type !== current.type) return initialStatus(type, requested);
  if (requested === undefined) return current.status;
  return requested === null && current.status !== null ? undefined : initialStatus(type, requested);
}

/** The orders of a company's list. */
export const sorts = ['-occurred_at', 'occurred_at', '-scheduled_at', 'scheduled_at'] as const;
export type Sort = (typeof sorts)[number];

export const timeOrder = (sort: Sort): TimeOrder => ({
  column: sort.endsWith('scheduled_at') ? 'scheduled_at' : 'occurred_at',
  descending: sort.startsWith('-'),
});
