import type { FieldError } from '@clientela/errors';

export const kinds = ['order', 'payment', 'refund'] as const;
export const directions = ['in', 'out'] as const;
export const statuses = ['pending', 'completed', 'cancelled'] as const;
export type Status = (typeof statuses)[number];

const next: Readonly<Record<Status, readonly Status[]>> = {
  pending: ['completed', 'cancelled'],
  completed: ['cancelled'],
  cancelled: [],
};

/** Whether a customer's counters count transactions of this kind. */
export const isCounted = (kind: (typeof kinds)[number]): boolean => kind !== 'payment';

/** Whether a transaction of one status may take on another; to stay as it is it always may. */
export const mayBecome = (from: Status, to: Status): boolean => from === to || next[from].includes(to);

/** What is settled when a transaction is: what was booked is cancelled and recorded anew, not rewritten. */
const settled = new Set(['amount', 'currency', 'occurred_at']);

/** The changes that come too late. */
export const tooLate = (status: Status, fields: readonly string[]): FieldError[] =>
  status === 'pending'
    ? []
    : fields
        .filter((field) => settled.has(field))
        .map((path) => ({ path, message: `is fixed, as the transaction is ${status}` }));
