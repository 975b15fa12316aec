/** What was acknowledged of one customer. */
export type Customer = {
  id: string;
  number: number;
  full_name: string;
  status: string;
  type: string;
  tags: { id: string; label: string }[];
  notes: string[];
  interactions: { id: string; type: string; status: string | null; notes: string }[];
  transactions: { id: string; kind: string; amount: string; status: string }[];
  favorites: { id: number; item_id: number }[];
  /** Removed for good. */
  gone: boolean;
};
export type Product = { id: string; number: number; name: string };
export type User = { id: string; first_name: string };

/** What one writer was told is done: the only thing that a caller can rely on. */
export type Book = {
  writes: number;
  /** Requests that were sent again, as they were not answered. */
  repeated: number;
  /** Milliseconds that each answer took that came at once. */
  took: number[];
  customers: Customer[];
  products: Product[];
  users: User[];
  /** Interactions that were deleted by themselves. */
  deleted: string[];
  /** How often each event must have been said: `customer.updated <id>`. */
  said: Map<string, number>;
};

export const emptyBook = (): Book => ({
  writes: 0,
  repeated: 0,
  took: [],
  customers: [],
  products: [],
  users: [],
  deleted: [],
  said: new Map(),
});

export function note({ said }: Book, event: string, id: string | number): void {
  const key = `${event} ${id}`;
  said.set(key, (said.get(key) ?? 0) + 1);
}

const cents = (amount: string) => Math.round(Number(amount) * 100);

/** What a customer's counters must come to, by what was recorded of it. */
export function countersOf({ interactions, transactions }: Customer) {
  const counted = (kind: string) => transactions.filter((one) => one.kind === kind && one.status !== 'cancelled');
  const [orders, refunds] = [counted('order'), counted('refund')];
  const of = (type: string) => interactions.filter((one) => one.type === type);
  const sum = (list: typeof transactions) => list.reduce((all, { amount }) => all + cents(amount), 0);
  return {
    total_orders: orders.length,
    returned_orders: refunds.length,
    lifetime_value: ((sum(orders) - sum(refunds)) / 100).toFixed(2),
    total_appointments: of('appointment').length,
    cancelled_appointments: of('appointment').filter(({ status }) => status === 'cancelled').length,
    total_complaints: of('complaint').length,
    open_complaints: of('complaint').filter(({ status }) => status === 'open').length,
  };
}
