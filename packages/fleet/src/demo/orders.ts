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
 * Builds up to five orders of a customer, since it came: more before Christmas. Some are open or cancelled, a few were paid back.
 * @param index of the customer
 */
export function ordersOf(index: number, { since, now }: { since: Date; now: Date }): DemoOrder[] {
  const count = [0, 1, 1, 0, 2, 1, 0, 5, 1, 2][(index * 7) % 10] ?? 0;
  return Array.from({ length: count }, (_, turn): DemoOrder[] => {
    const product = (index * 3 + turn * 5) % demoProducts.length;
    const quantity = 1 + ((index + turn) % 3);
    const occurredAt = instantOf(index * 31 + turn * 173, since, now);
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

/** Picks a time since a customer came: soon after for every second, of the others oftener one of November or December. */
function instantOf(seed: number, since: Date, now: Date): Date {
  const age = now.getTime() - since.getTime();
  const [first = now, second = now] = [0, 331].map((salt) => {
    const share = ((seed * 7919 + salt) % 730) / 730;
    return new Date(since.getTime() + share * (seed % 2 === 0 ? Math.min(age, 20 * day) : age));
  });
  return first.getUTCMonth() >= 10 || seed % 4 < 3 ? first : second;
}
