import { isUuid, newId, whereCompany, type Db, type Page, type Scope, type Tx } from '@clientela/db';
import type { CursorPage, Position, ListRange } from '../lists/rules.ts';
import { listAfter, listByTime } from '../lists/store.ts';
import type { RefundEntry } from './rules.ts';
import type { NewTransaction, Transaction, TransactionChanges, TransactionFilter } from './schema.ts';

export type TransactionKey = { customer_id: string; transaction_id: string };

const columns = [
  'id',
  'customer_id',
  'created_by',
  'kind',
  'direction',
  'amount',
  'currency',
  'product_id',
  'order_id',
  'description',
  'status',
  'occurred_at',
  'external_ref',
  'version',
  'created_at',
  'updated_at',
] as const;

export type NewRow = NewTransaction & {
  customer_id: string;
  created_by: string;
  currency: string;
  /** Digest of the request's content; null without an external_ref. */
  content_digest: string | null;
};

/** Inserts a transaction; waits for a concurrent insert of the same external_ref. @returns undefined when the external_ref exists */
export async function insertTransaction(tx: Tx, company_id: string, row: NewRow): Promise<Transaction | undefined> {
  const { occurred_at, product_id = null, order_id = null, description = null, external_ref = null, ...rest } = row;
  const [transaction] = await tx('transactions')
    .insert({
      ...rest,
      ...(occurred_at !== undefined && { occurred_at }),
      product_id,
      order_id,
      description,
      external_ref,
      company_id,
      id: newId(),
    })
    .onConflict(['company_id', 'external_ref'])
    .ignore()
    .returning(columns);
  return transaction as Transaction | undefined;
}

/** Finds a transaction with its content digest, which is null once its customer was erased. */
export const findByReference = async (
  db: Db,
  company_id: string,
  external_ref: string,
): Promise<(Transaction & { content_digest: string | null }) | undefined> =>
  db('transactions')
    .where({ company_id, external_ref })
    .first([...columns, 'content_digest']);

const byKey = (db: Db, company_id: string, { customer_id, transaction_id: id }: TransactionKey) =>
  db('transactions').where({ company_id, customer_id, id }).first(columns);

export const findTransaction = async (
  db: Db,
  company_id: string,
  key: TransactionKey,
): Promise<Transaction | undefined> =>
  // PostgreSQL parses and plans a named statement once per connection.
  byKey(db, company_id, key).options({ name: 'find_transaction' });

/** Finds a transaction and locks its row until the transaction ends. */
export const lockTransaction = async (
  tx: Tx,
  company_id: string,
  key: TransactionKey,
): Promise<Transaction | undefined> => byKey(tx, company_id, key).forUpdate();

/** Lists transactions of a customer, a company or all companies by occurred_at, newest first. */
export function listTransactions(
  db: Db,
  scope: Scope,
  { customer_id, kind, status, from, to }: TransactionFilter,
  range: ListRange,
): Promise<Page<Transaction> | CursorPage<Transaction>> {
  const rows = whereCompany(db('transactions'), scope);
  if (customer_id) void rows.where('customer_id', customer_id);
  if (kind) void rows.where('kind', kind);
  if (status) void rows.where('status', status);
  if (from) void rows.where('occurred_at', '>=', from);
  if (to) void rows.where('occurred_at', '<=', to);
  const isFiltered = 'all' in scope || Boolean(kind ?? status ?? from ?? to); // the rows of all companies are not counted
  return listByTime<Transaction>(rows, columns, range, { isFiltered });
}

/** Lists at most `limit` of a customer's transactions after a position, newest first. */
export const listNewestTransactions = (
  db: Db,
  company_id: string,
  customer_id: string,
  after: Position | undefined,
  limit: number,
): Promise<Transaction[]> => listAfter(db('transactions').where({ company_id, customer_id }), columns, after, limit);

/** Updates the version that was read. @returns undefined when another transaction changed the record */
export async function updateTransaction(
  tx: Tx,
  company_id: string,
  current: Transaction,
  changes: TransactionChanges,
): Promise<Transaction | undefined> {
  const [transaction] = await tx('transactions')
    .where({ company_id, id: current.id, version: current.version })
    .update({ ...changes, version: current.version + 1, updated_at: tx.fn.now() })
    .returning(columns);
  return transaction as Transaction | undefined;
}

const refundColumns = ['id', 'kind', 'order_id', 'status', 'amount', 'currency'] as const;

/**
 * Returns the SQL condition by which a transaction counts: a refund of a known order counts only while such an order does.
 * Its order is the same customer's with an equal order_id, or the one whose id the order_id is.
 * @param alias of the table `transactions` in the query
 */
export const isCountedSql = (alias: string): string => `
  (${alias}.status <> 'cancelled' and (${alias}.kind = 'order' or ${alias}.order_id is null or coalesce((
    select bool_or(matching.is_counted) from (
      select o.status <> 'cancelled' as is_counted from transactions as o
       where o.company_id = ${alias}.company_id and o.customer_id = ${alias}.customer_id and o.kind = 'order'
         and o.order_id = ${alias}.order_id
       union all
      select o.status <> 'cancelled' from transactions as o
       where o.company_id = ${alias}.company_id and o.customer_id = ${alias}.customer_id and o.kind = 'order'
         and o.id = ${uuidOrNull(`${alias}.order_id`)}
    ) as matching
  ), true)))`;

/** Casts text to a uuid, or to null when it is none. Has no question mark, which Knex would bind. */
const uuidOrNull = (text: string) =>
  `(case when ${text} ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' then ${text}::uuid end)`;

const isAnyOf = (sql: string) => `${sql} = any(cast(? as text[]))`;

/**
 * Lists the orders that any of the keys names, the other orders that share their order_id, and all refunds of these.
 * @param keys order_ids, or ids of orders
 */
export async function listRefundEntries(
  tx: Tx,
  company_id: string,
  customer_id: string,
  keys: readonly string[],
): Promise<RefundEntry[]> {
  const entries = (kind: 'order' | 'refund') =>
    tx('transactions').select(refundColumns).where({ company_id, customer_id, kind });
  const orderIdsOf = (orders: readonly RefundEntry[]) => orders.flatMap(({ order_id }) => order_id ?? []);
  const byId: RefundEntry[] = await entries('order').whereRaw('id = any(cast(? as uuid[]))', [keys.filter(isUuid)]);
  const byOrderId: RefundEntry[] = await entries('order').whereRaw(isAnyOf('order_id'), [
    [...keys, ...orderIdsOf(byId)],
  ]);
  const orders = [...byId, ...byOrderId];
  // An id names its order in any case, so that no index finds it: this reads the customer's orders and refunds from one.
  const refunds: RefundEntry[] = await entries('refund').whereRaw(
    `(${isAnyOf('order_id')} or ${isAnyOf('lower(order_id)')})`,
    [[...keys, ...orderIdsOf(orders)], orders.map(({ id }) => id)],
  );
  return [...new Map([...orders, ...refunds].map((entry) => [entry.id, entry])).values()];
}
