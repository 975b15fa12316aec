import { newId, whereCompany, type Db, type Page, type Scope, type Tx } from '@clientela/db';
import type { Following, Position, Wanted } from '../lists/rules.ts';
import { listByTime, newest } from '../lists/store.ts';
import type { NewTransaction, Transaction, TransactionChanges, TransactionFilter } from './schema.ts';

export type StoredTransaction = Transaction & { version: number };
/** Which transaction of which customer. */
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
  'created_at',
  'updated_at',
] as const;
const stored = [...columns, 'version'] as const;

export type Written = NewTransaction & {
  customer_id: string;
  created_by: string;
  currency: string;
  /** A digest of what was sent. */
  recorded_as: string | null;
};

/** @returns undefined when the company has one with this external_ref; of two who send it at once the second waits for the first */
export async function insertTransaction(
  tx: Tx,
  company_id: string,
  written: Written,
): Promise<StoredTransaction | undefined> {
  const { occurred_at, product_id = null, order_id = null, description = null, external_ref = null, ...rest } = written;
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
    .returning(stored);
  return transaction as StoredTransaction | undefined;
}

/** With the digest of what was sent when it was recorded; null when its customer has gone since. */
export const findByReference = async (
  db: Db,
  company_id: string,
  external_ref: string,
): Promise<(StoredTransaction & { recorded_as: string | null }) | undefined> =>
  db('transactions')
    .where({ company_id, external_ref })
    .first([...stored, 'recorded_as']);

const one = (db: Db, company_id: string, { customer_id, transaction_id: id }: TransactionKey) =>
  db('transactions').where({ company_id, customer_id, id }).first(stored);

export const findTransaction = async (
  db: Db,
  company_id: string,
  key: TransactionKey,
): Promise<StoredTransaction | undefined> =>
  // A named statement is parsed and planned once per connection.
  one(db, company_id, key).options({ name: 'find_transaction' });

/** Finds and locks: nobody changes it until the transaction ends. */
export const lockTransaction = async (
  tx: Tx,
  company_id: string,
  key: TransactionKey,
): Promise<StoredTransaction | undefined> => one(tx, company_id, key).forUpdate();

/** Newest first by when they occurred: a customer's, a company's, or everybody's. */
export function listTransactions(
  db: Db,
  scope: Scope,
  { customer_id, kind, status, from, to }: TransactionFilter,
  wanted: Wanted,
): Promise<Page<Transaction> | Following<Transaction>> {
  const found = whereCompany(db('transactions'), scope);
  if (customer_id) void found.where('customer_id', customer_id);
  if (kind) void found.where('kind', kind);
  if (status) void found.where('status', status);
  if (from) void found.where('occurred_at', '>=', from);
  if (to) void found.where('occurred_at', '<=', to);
  const filtered = Boolean(kind ?? status ?? from ?? to);
  return listByTime<Transaction>(found, columns, wanted, { filtered });
}

/** At most `limit` of a customer's transactions that follow a position, newest first. */
export const newestTransactions = (
  db: Db,
  company_id: string,
  customer_id: string,
  after: Position | undefined,
  limit: number,
): Promise<Transaction[]> => newest(db('transactions').where({ company_id, customer_id }), columns, after, limit);

/** Writes changes onto the version that was read; undefined when the record has moved on. */
export async function updateTransaction(
  tx: Tx,
  company_id: string,
  current: StoredTransaction,
  changes: TransactionChanges,
): Promise<StoredTransaction | undefined> {
  const [transaction] = await tx('transactions')
    .where({ company_id, id: current.id, version: current.version })
    .update({ ...changes, version: current.version + 1, updated_at: tx.fn.now() })
    .returning(stored);
  return transaction as StoredTransaction | undefined;
}
