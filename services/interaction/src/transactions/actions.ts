import { createHash } from 'node:crypto';
import { transactionRecorded, transactionUpdated } from '@clientela/contracts';
import { requireUpdated, requireVersion, type Db, type Tx, type ExpectedVersion } from '@clientela/db';
import { AppError, conflict, invalid, notFound } from '@clientela/errors';
import { publish } from '@clientela/events';
import { changedValues, pickWritable, type CompanyActor } from '@clientela/http';
import { raiseRecordedVersion, lockCustomer } from '../customers/store.ts';
import { canBecome, immutableFieldErrors, isCounted, newRefundExcess, refundKeys } from './rules.ts';
import { WritableTransaction, type NewTransaction, type Transaction } from './schema.ts';
import {
  findByReference,
  insertTransaction,
  listRefundEntries,
  lockTransaction,
  updateTransaction,
  type TransactionKey,
} from './store.ts';

/** The transaction to change, and the version from If-Match; undefined without that header. */
export type Target = { actor: CompanyActor; key: TransactionKey; expected_version: ExpectedVersion };

/** The changeable fields that the customer's counters depend on. */
const counterFields = ({ status, amount, currency, occurred_at }: Transaction) => ({
  status,
  amount,
  currency,
  occurred_at,
});

/** Computes a digest of the request's content, which identifies a repeated request even after the record has changed. */
function contentDigest(customer_id: string, input: NewTransaction): string {
  const { kind, direction, amount, currency, product_id, order_id, description, status, occurred_at } = input;
  const content = [
    customer_id,
    kind,
    direction,
    amount,
    currency,
    product_id,
    order_id,
    description,
    status,
    occurred_at,
  ];
  return createHash('sha256')
    .update(JSON.stringify(content.map((value) => value ?? null)))
    .digest('hex');
}

/**
 * Finds the transaction that a request repeats, by its external_ref.
 * @throws AppError 409 when the external_ref belongs to a transaction with other content
 */
export async function findRepeatedTransaction(
  db: Db,
  company_id: string,
  customer_id: string,
  input: NewTransaction,
): Promise<Transaction | undefined> {
  const { external_ref } = input;
  if (!external_ref) return undefined;
  const stored = await findByReference(db, company_id, external_ref);
  if (!stored) return undefined;
  const { content_digest, ...transaction } = stored;
  if (content_digest === contentDigest(customer_id, input)) return transaction;
  const { id, customer_id: owner_id, kind, status, amount, currency } = transaction;
  throw conflict({
    resource: 'transaction',
    field: 'external_ref',
    existing: async () => ({ id, customer_id: owner_id, kind, status, amount, currency, external_ref }),
  });
}

/**
 * Records a transaction, unless a concurrent request with the same external_ref recorded it first.
 * @param currency the requested one, or the company's
 * @throws AppError 404 when the customer was hard-deleted since it was fetched, 409 like `findRepeatedTransaction`, 422 for a refund that
 * exceeds its order
 */
export async function recordTransaction(
  tx: Tx,
  actor: CompanyActor,
  customer_id: string,
  input: NewTransaction,
  currency: string,
): Promise<{ transaction: Transaction; recorded: boolean }> {
  const customer = await lockCustomer(tx, actor.company_id, customer_id);
  if (!customer) throw notFound('customer');
  const content_digest = input.external_ref ? contentDigest(customer_id, input) : null;
  const row = { ...input, currency, customer_id, created_by: actor.id, content_digest };
  const transaction = await insertTransaction(tx, actor.company_id, row);
  if (!transaction) {
    const repeated = await findRepeatedTransaction(tx, actor.company_id, customer_id, input);
    if (!repeated) throw notFound('transaction');
    return { transaction: repeated, recorded: false };
  }
  // An order is recorded whatever refunds were stored before it.
  if (transaction.kind === 'refund') await rejectExcessiveRefunds(tx, actor.company_id, customer_id, transaction);
  const { id, kind, direction, version } = transaction;
  await publish(tx, transactionRecorded, actor, version, {
    transaction_id: id,
    customer_id,
    customer_changes: await raiseRecordedVersion(tx, customer, isCounted(kind)),
    kind,
    direction,
    ...counterFields(transaction),
  });
  return { transaction, recorded: true };
}

/** @throws AppError 422 for a read-only or immutable field and for refunds that exceed their order, 409 for a status transition that is not allowed */
export async function changeTransaction(
  tx: Tx,
  { actor, key, expected_version }: Target,
  body: Record<string, unknown>,
): Promise<Transaction> {
  const customer = await lockCustomer(tx, actor.company_id, key.customer_id);
  const current = requireVersion(await lockTransaction(tx, actor.company_id, key), 'transaction', expected_version);
  if (!customer) throw notFound('transaction');
  const changes = changedValues(pickWritable(body, WritableTransaction, current), current);
  const fields_changed = Object.keys(changes);
  const errors = immutableFieldErrors(current.status, fields_changed);
  if (errors.length > 0) throw invalid(errors);
  if (changes.status && !canBecome(current.status, changes.status)) {
    throw conflict({ detail: `A ${current.status} transaction cannot become ${changes.status}` });
  }
  if (fields_changed.length === 0) return current;

  const transaction = requireUpdated(await updateTransaction(tx, actor.company_id, current, changes));
  if (isCounted(transaction.kind))
    await rejectExcessiveRefunds(tx, actor.company_id, key.customer_id, transaction, current);
  const { id, kind, direction, version } = transaction;
  await publish(tx, transactionUpdated, actor, version, {
    transaction_id: id,
    customer_id: key.customer_id,
    customer_changes: await raiseRecordedVersion(tx, customer, isCounted(kind)),
    kind,
    direction,
    fields_changed,
    from: counterFields(current),
    to: counterFields(transaction),
  });
  return transaction;
}

/** Names the field by which a change makes refunds exceed their order. */
const changedField = (transaction: Transaction, before = transaction): string =>
  (['amount', 'currency', 'order_id', 'status'] as const).find((field) => transaction[field] !== before[field]) ??
  'amount';

/**
 * Rejects a change by which the refunds of an order exceed its amount. The customer is locked, so that concurrent refunds add up.
 * @param before the transaction before the change; undefined when it is new
 * @throws AppError 422 REFUND_EXCEEDS_ORDER
 */
async function rejectExcessiveRefunds(
  tx: Tx,
  company_id: string,
  customer_id: string,
  transaction: Transaction,
  before?: Transaction,
): Promise<void> {
  const keys = [transaction, ...(before ? [before] : [])].flatMap(refundKeys);
  if (keys.length === 0) return;
  const after = await listRefundEntries(tx, company_id, customer_id, [...new Set(keys)]);
  const excess = newRefundExcess(after, transaction.id, before);
  if (!excess) return;
  const amount = `${excess.hundredths / 100n}.${String(excess.hundredths % 100n).padStart(2, '0')} ${excess.currency}`;
  throw new AppError('invalid', {
    error_code: 'REFUND_EXCEEDS_ORDER',
    detail: `The refunds of an order cannot exceed its amount; they would by ${amount}`,
    errors: [{ path: changedField(transaction, before), message: `would exceed the amount of the order by ${amount}` }],
  });
}
