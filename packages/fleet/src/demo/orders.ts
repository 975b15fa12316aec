import { demoProducts } from './products.ts';

/** The body of `POST /api/customers/{customer_id}/transactions`, with the index of its product. */
export type DemoOrder = {
  product: number;
  kind: 'order' | 'refund';
  direction: 'in' | 'out';
  amount: string;
  status: 'pending' | 'completed' | 'cancelled';
  occurred_at: string;
  order_id: string;
  description: string;
};

const day = 86_400_000;

/**
 * Builds up to five orders of a customer, from the two years before `now`: more before Christmas and lately. Some are open or cancelled,
 * a few were paid back.
 * @param index of the customer
 */
export function ordersOf(index: number, now: Date): DemoOrder[] {
  const count = [0, 1, 1, 0, 2, 1, 0, 5, 1, 2][(index * 7) % 10] ?? 0;
  return Array.from({ length: count }, (_, turn): DemoOrder[] => {
    const product = (index * 3 + turn * 5) % demoProducts.length;
    const quantity = 1 + ((index + turn) % 3);
    const occurredAt = instantOf(index * 31 + turn * 173, now);
    const daysAgo = (now.getTime() - occurredAt.getTime()) / day;
    const order: DemoOrder = {
      product,
      kind: 'order',
      direction: 'in',
      amount: (Number(demoProducts[product]?.price) * quantity).toFixed(2),
      status: daysAgo < 5 ? 'pending' : (index + turn) % 23 === 0 ? 'cancelled' : 'completed',
      occurred_at: occurredAt.toISOString(),
      order_id: `BC-${occurredAt.getUTCFullYear()}-${String(index * 5 + turn).padStart(5, '0')}`,
      description: `${quantity} × ${demoProducts[product]?.name}`,
    };
    const isPaidBack = order.status === 'completed' && daysAgo > 30 && (index + turn) % 37 === 0;
    if (!isPaidBack) return [order];
    const paidBackAt = new Date(occurredAt.getTime() + 9 * day).toISOString();
    return [order, { ...order, kind: 'refund', direction: 'out', occurred_at: paidBackAt, description: 'Paid back' }];
  }).flat();
}

/** Picks a time of the last two years, twice as often one of November, December or the last 90 days. */
function instantOf(seed: number, now: Date): Date {
  const pick = (salt: number) =>
    new Date(now.getTime() - ((seed * 7919 + salt) % 730) * day - ((seed * 37) % 600) * 60_000);
  const first = pick(0);
  const isBusy = first.getUTCMonth() >= 10 || now.getTime() - first.getTime() < 90 * day;
  return isBusy || seed % 2 === 0 ? first : pick(331);
}
