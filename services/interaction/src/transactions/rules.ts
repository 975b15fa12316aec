import type { FieldError } from '@clientela/errors';
import { Uuid } from '@clientela/validation';
import type { Transaction } from './schema.ts';

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

/** What decides how much of an order is refunded. */
export type RefundEntry = Pick<Transaction, 'id' | 'kind' | 'order_id' | 'status' | 'amount' | 'currency'>;

/** The order_ids and ids by which a transaction is found as an order or names its order. */
export const refundKeys = ({ id, kind, order_id }: RefundEntry): string[] =>
  [kind === 'order' ? id : null, order_id].filter((key) => key !== null);

type Excess = { key: string; currency: string; hundredths: bigint };

/**
 * Computes by how much counted refunds exceed their orders, for each name of orders (an order_id or an id) and each currency.
 * Refunds without an order count unbounded; refunds of cancelled orders do not count.
 */
function refundExcesses(entries: readonly RefundEntry[]): Excess[] {
  const counted = entries.filter(({ status }) => status !== 'cancelled');
  const [refunds, orders] = [counted.filter(isRefund), counted.filter((entry) => !isRefund(entry))];
  const ordersByKey = new Map<string, Set<RefundEntry>>();
  for (const order of orders) {
    for (const key of refundKeys(order)) ordersByKey.set(key, (ordersByKey.get(key) ?? new Set()).add(order));
  }
  const refundsByKey = [...Map.groupBy(refunds, ({ order_id }) => nameOf(order_id, ordersByKey))];
  return [...ordersByKey].flatMap(([key, group]) => {
    // Refunds that name one order of a group reduce what is left of the whole group.
    const refundsOfGroup = refundsByKey.flatMap(([name, rows]) => (isWithin(ordersByKey.get(name), group) ? rows : []));
    return [...new Set(refundsOfGroup.map(({ currency }) => currency))].map((currency) => ({
      key,
      currency,
      hundredths: sumOf(refundsOfGroup, currency) - sumOf([...group], currency),
    }));
  });
}

const isRefund = ({ kind }: RefundEntry): boolean => kind === 'refund';

/** Ids are compared without case, order_ids with it. */
function nameOf(order_id: string | null, names: ReadonlyMap<string, unknown>): string {
  if (order_id === null) return '';
  return names.has(order_id) ? order_id : (Uuid.safeParse(order_id).data ?? order_id);
}

const isWithin = (orders: ReadonlySet<RefundEntry> | undefined, group: ReadonlySet<RefundEntry>): boolean =>
  orders !== undefined && orders.isSubsetOf(group);

const sumOf = (rows: readonly RefundEntry[], currency: string): bigint =>
  rows
    .filter((row) => row.currency === currency)
    .reduce((sum, { amount }) => sum + BigInt(amount.replace('.', '')), 0n);

/**
 * Finds an order whose refunds exceed its amount after a change, and by more than before it: older excesses are left.
 * @param after the orders and refunds that the change concerns, after it
 * @param before the changed transaction before the change; undefined when it is new
 */
export function newRefundExcess(
  after: readonly RefundEntry[],
  changedId: string,
  before: RefundEntry | undefined,
): Excess | undefined {
  const others = after.filter(({ id }) => id !== changedId);
  const earlier = refundExcesses(before ? [...others, before] : others);
  return refundExcesses(after).find(({ key, currency, hundredths }) => {
    const same = earlier.find((excess) => excess.key === key && excess.currency === currency);
    return hundredths > 0n && hundredths > (same?.hundredths ?? 0n);
  });
}
