import {
  creationBody,
  Currency,
  Instant,
  keyword,
  multilineText,
  Money,
  money,
  queryFrom,
  queryTo,
  text,
  Uuid,
  nameSchemas,
} from '@clientela/validation';
import { z } from 'zod';
import { listResponse, listQuery } from '../lists/schema.ts';
import { directions, kinds, statuses } from './rules.ts';

const Kind = z.enum(kinds);
const Direction = z.enum(directions);
const Status = z.enum(statuses);
const KindInput = keyword(kinds);
const StatusInput = keyword(statuses);

export const Transaction = z.strictObject({
  id: Uuid,
  customer_id: Uuid.nullable().meta({ description: 'null once the customer was hard-deleted' }),
  created_by: z.string(),
  kind: Kind,
  direction: Direction,
  amount: Money,
  currency: z.string(),
  product_id: Uuid.nullable(),
  order_id: z.string().nullable(),
  description: z.string().nullable(),
  status: Status,
  occurred_at: Instant,
  external_ref: z.string().nullable(),
  created_at: Instant,
  updated_at: Instant,
  version: z.int(),
});
export type Transaction = z.infer<typeof Transaction>;

export const WritableTransaction = z.strictObject({
  amount: money(1),
  currency: Currency,
  order_id: text(100).nullable().meta({ description: 'Id of its order in your other systems' }),
  description: multilineText(500).nullable(),
  status: StatusInput,
  occurred_at: Instant,
});
export type TransactionChanges = Partial<z.infer<typeof WritableTransaction>>;

const newTransaction = WritableTransaction.partial({ order_id: true, description: true }).extend({
  kind: KindInput,
  direction: keyword(directions).meta({ description: 'in: received by the company; out: paid by it' }),
  currency: Currency.optional().meta({ description: 'Default: the company’s currency' }),
  product_id: Uuid.nullish(),
  status: StatusInput.prefault('completed'),
  occurred_at: Instant.optional().meta({ description: 'Default: now' }),
  external_ref: text(100).nullish().meta({
    description:
      'Its id in your other systems, unique in the company; a repeat with the same content returns the existing record',
  }),
});
export const NewTransaction = creationBody(Transaction, newTransaction);
export type NewTransaction = z.infer<typeof NewTransaction>;

export const TransactionFilter = z.strictObject({
  kind: KindInput.optional(),
  status: StatusInput.optional(),
  from: queryFrom.optional().meta({ description: 'Occurred at or after this time' }),
  to: queryTo.optional().meta({ description: 'Occurred at or before this time; a date includes its whole day' }),
});
export type TransactionFilter = z.infer<typeof TransactionFilter> & { customer_id?: string | undefined };
export const CustomerTransactionQuery = TransactionFilter.extend(listQuery());
export const TransactionQuery = CustomerTransactionQuery.extend({ customer_id: Uuid.optional() });

export const CustomerId = z.strictObject({ customer_id: Uuid });
export const TransactionId = CustomerId.extend({ transaction_id: Uuid });
export const TransactionResponse = z.strictObject({ transaction: Transaction });
export const SavedTransactionResponse = z.strictObject({ message: z.string(), transaction: Transaction });
export const TransactionList = listResponse('transactions', Transaction);

const [TransactionPage, TransactionCursorPage] = TransactionList.options;
nameSchemas({
  Transaction,
  TransactionPage,
  TransactionCursorPage,
  NewTransaction,
  TransactionResponse,
  SavedTransactionResponse,
});
