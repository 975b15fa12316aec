import { createHash } from 'node:crypto';
import { transactionRecorded, transactionUpdated } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';
import { conflict, invalid, notFound, preconditionFailed } from '@clientela/errors';
import { publish } from '@clientela/events';
import { changedValues, pickWritable, type CompanyActor } from '@clientela/http';
import { changesAfter, holdCustomer } from '../customers/store.ts';
import { isCounted, mayBecome, tooLate } from './rules.ts';
import { WritableTransaction, type NewTransaction, type Transaction } from './schema.ts';
import {
  findByReference,
  insertTransaction,
  lockTransaction,
  updateTransaction,
  type StoredTransaction,
  type TransactionKey,
} from './store.ts';

/** A change of one existing transaction: whose, which, and the version the caller knows of it, if it said so. */
export type Target = { actor: CompanyActor; key: TransactionKey; expected_version: number | undefined };

/** What counters count a transaction by, as far as it can change. */
const countedBy = ({ status, amount, currency, occurred_at }: Transaction) => ({
  status,
  amount,
  currency,
  occurred_at,
});

/** What a repeat is known by: the same of everything that was sent, whatever became of the record since. */
function digestOf(customer_id: string, sent: NewTransaction): string {
  const { kind, direction, amount, currency, product_id, order_id, description, status, occurred_at } = sent;
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
 * The record that a request repeats, by its external_ref.
 * @throws AppError 409 when the external_ref is that of a record with another content
 */
export async function findRepeated(
  db: Db,
  company_id: string,
  customer_id: string,
  sent: NewTransaction,
): Promise<StoredTransaction | undefined> {
  const { external_ref } = sent;
  if (!external_ref) return undefined;
  const found = await findByReference(db, company_id, external_ref);
  if (!found) return undefined;
  const { recorded_as, ...transaction } = found;
  if (recorded_as === digestOf(customer_id, sent)) return transaction;
  const { id, customer_id: whose, kind, status, amount, currency } = transaction;
  throw conflict({
    resource: 'transaction',
    field: 'external_ref',
    existing: async () => ({ id, customer_id: whose, kind, status, amount, currency, external_ref }),
  });
}

/**
 * Records what was sent, unless it repeats what was recorded meanwhile.
 * @param currency the given one, or the company's
 * @throws AppError 404 when the customer was removed for good since it was asked for, 409 as `findRepeated`
 */
export async function recordTransaction(
  tx: Tx,
  actor: CompanyActor,
  customer_id: string,
  sent: NewTransaction,
  currency: string,
): Promise<{ transaction: StoredTransaction; recorded: boolean }> {
  const held = await holdCustomer(tx, actor.company_id, customer_id);
  if (!held) throw notFound('customer');
  const recorded_as = sent.external_ref ? digestOf(customer_id, sent) : null;
  const written = { ...sent, currency, customer_id, created_by: actor.id, recorded_as };
  const transaction = await insertTransaction(tx, actor.company_id, written);
  if (!transaction) {
    const repeated = await findRepeated(tx, actor.company_id, customer_id, sent);
    if (!repeated) throw notFound('transaction');
    return { transaction: repeated, recorded: false };
  }
  const { id, kind, direction, version } = transaction;
  await publish(tx, transactionRecorded, actor, version, {
    transaction_id: id,
    customer_id,
    customer_changes: await changesAfter(tx, held, isCounted(kind)),
    kind,
    direction,
    ...countedBy(transaction),
  });
  return { transaction, recorded: true };
}

/** @throws AppError 422 for what is read-only or settled, 409 for a status that does not follow the one it has */
export async function changeTransaction(
  tx: Tx,
  { actor, key, expected_version }: Target,
  body: Record<string, unknown>,
): Promise<StoredTransaction> {
  const held = await holdCustomer(tx, actor.company_id, key.customer_id);
  const current = await lockTransaction(tx, actor.company_id, key);
  if (!held || !current) throw notFound('transaction');
  if (expected_version !== undefined && expected_version !== current.version) throw preconditionFailed();
  const changes = changedValues(pickWritable(body, WritableTransaction, current), current);
  const fields_changed = Object.keys(changes);
  const faults = tooLate(current.status, fields_changed);
  if (faults.length > 0) throw invalid(faults);
  if (changes.status && !mayBecome(current.status, changes.status)) {
    throw conflict({ detail: `A ${current.status} transaction cannot become ${changes.status}` });
  }
  if (fields_changed.length === 0) return current;

  const transaction = await updateTransaction(tx, actor.company_id, current, changes);
  if (!transaction) throw preconditionFailed();
  const { id, kind, direction, version } = transaction;
  await publish(tx, transactionUpdated, actor, version, {
    transaction_id: id,
    customer_id: key.customer_id,
    customer_changes: await changesAfter(tx, held, isCounted(kind)),
    kind,
    direction,
    fields_changed,
    from: countedBy(current),
    to: countedBy(transaction),
  });
  return transaction;
}
