import type { FieldError } from '@clientela/errors';

export const kinds = ['order', 'payment', 'refund'] as const;
export const directions = ['in', 'out'] as const;
export const statuses = ['pending', 'completed', 'cancelled'] as const;
export type Status = (typeof statuses)[number];

const transitions: Readonly<Record<Status, readonly Status[]>> = {
  pending: ['completed', 'cancelled'],
  completed: ['cancelled'],
  cancelled: [],
};

/** Whether the customer's counters include this kind. */
export const isCounted = (kind: (typeof kinds)[number]): boolean => kind !== 'payment';

/** Whether a status may change to another; keeping it is always allowed. */
export const canBecome = (from: Status, to: Status): boolean => from === to || transitions[from].includes(to);

/** Fields that are immutable once a transaction is settled: a wrong booking is cancelled and recorded again. */
const settledFields = new Set(['amount', 'currency', 'occurred_at']);

/** Returns an error for each changed field that is immutable in this status. */
export const immutableFieldErrors = (status: Status, fields: readonly string[]): FieldError[] =>
  status === 'pending'
    ? []
    : fields
        .filter((field) => settledFields.has(field))
        .map((path) => ({ path, message: `cannot change because the transaction is ${status}` }));
