/** The acknowledged state of one customer. */
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
  /** Whether it was hard deleted. */
  isDeleted: boolean;
};
export type Product = { id: string; number: number; name: string };
export type User = { id: string; first_name: string };

/** The acknowledged writes of one writer: the only state that a client may rely on. */
export type Ledger = {
  writes: number;
  /** Number of retries after a missing response. */
  retries: number;
  /** Duration of each request without a retry, in milliseconds. */
  durations: number[];
  customers: Customer[];
  products: Product[];
  users: User[];
  /** Ids of interactions that were deleted one by one. */
  deletedInteractions: string[];
  /** The expected number of each event: `customer.updated <id>`. */
  expectedEvents: Map<string, number>;
};

export const emptyLedger = (): Ledger => ({
  writes: 0,
  retries: 0,
  durations: [],
  customers: [],
  products: [],
  users: [],
  deletedInteractions: [],
  expectedEvents: new Map(),
});

/** Records that a write must have published an event. */
export function expectEvent({ expectedEvents }: Ledger, event: string, id: string | number): void {
  const key = `${event} ${id}`;
  expectedEvents.set(key, (expectedEvents.get(key) ?? 0) + 1);
}

const cents = (amount: string) => Math.round(Number(amount) * 100);

/** Computes a customer's expected counters from its acknowledged records. */
export function expectedCounters({ interactions, transactions }: Customer) {
  const counted = (kind: string) =>
    transactions.filter((record) => record.kind === kind && record.status !== 'cancelled');
  const [orders, refunds] = [counted('order'), counted('refund')];
  const ofType = (type: string) => interactions.filter((record) => record.type === type);
  const sum = (list: typeof transactions) => list.reduce((all, { amount }) => all + cents(amount), 0);
  return {
    total_orders: orders.length,
    returned_orders: refunds.length,
    lifetime_value: ((sum(orders) - sum(refunds)) / 100).toFixed(2),
    total_appointments: ofType('appointment').length,
    cancelled_appointments: ofType('appointment').filter(({ status }) => status === 'cancelled').length,
    total_complaints: ofType('complaint').length,
    open_complaints: ofType('complaint').filter(({ status }) => status === 'open').length,
  };
}
