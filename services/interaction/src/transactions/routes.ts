import { notFound } from '@clientela/errors';
import {
  patchBody,
  reply,
  route,
  withETag,
  type CompanyActor,
  type CompanyClient,
  type Cursors,
  type Route,
} from '@clientela/http';
import { ignoring, nameSchemas } from '@clientela/validation';
import { rejectDeleted, type CustomerClient } from '../customers/customer-client.ts';
import { readListRequest } from '../lists/list-request.ts';
import type { ProductClient } from '../products/product-client.ts';
import { changeTransaction, findRepeatedTransaction, recordTransaction } from './actions.ts';
import {
  CustomerId,
  CustomerTransactionQuery,
  NewTransaction,
  Transaction,
  TransactionId,
  TransactionList,
  TransactionQuery,
  SavedTransactionResponse,
  TransactionResponse,
  WritableTransaction,
} from './schema.ts';
import { findTransaction, listTransactions } from './store.ts';

const path = '/api/customers/{customer_id}/transactions';
const itemPath = `${path}/{transaction_id}`;

type Deps = { companies: CompanyClient; customers: CustomerClient; products: ProductClient; cursors: Cursors };

const toSavedResponse = (status: 200 | 201, message: string, transaction: Transaction) =>
  reply(status, { message, transaction }, { ETag: `"${transaction.version}"` });

const TransactionPatch = ignoring(patchBody(Transaction, WritableTransaction));
nameSchemas({ TransactionPatch });

export const transactionRoutes = ({ companies, customers, products, cursors }: Deps): Route[] => {
  const currencyOf = async (actor: CompanyActor, signal: AbortSignal) => {
    const company = await companies(actor.company_id, { actor, signal });
    if (!company) throw notFound('company');
    return company.currency;
  };

  return [
    route({
      method: 'post',
      path,
      operation: 'customers.transactions.create',
      errors: {
        404: ['COMPANY_NOT_FOUND', 'CUSTOMER_NOT_FOUND', 'PRODUCT_NOT_FOUND'],
        409: ['CUSTOMER_DELETED', 'TRANSACTION_EXTERNAL_REF_TAKEN'],
        422: ['REFUND_EXCEEDS_ORDER'],
      },
      summary: 'Record an order, payment or refund',
      description:
        'The author is the acting user. A repeated external_ref with the same content returns 200 with the current record; ' +
        'with other content it is a 409. The refunds of an order, which share its order_id or have its id there, are at most its amount ' +
        'in its currency (422 REFUND_EXCEEDS_ORDER).',
      allow: 'transactions:create',
      params: CustomerId,
      body: NewTransaction,
      example: { kind: 'order', direction: 'in', amount: '1234.50', currency: 'EUR', order_id: 'A-1001' },
      responses: { 200: SavedTransactionResponse, 201: SavedTransactionResponse },
      prepare: async ({ db, actor, params: { customer_id }, body, signal }) => {
        const repeated = await findRepeatedTransaction(db, actor.company_id, customer_id, body);
        if (repeated) return { repeated };
        rejectDeleted(await customers(customer_id, { actor, signal }));
        if (body.product_id) await products(body.product_id, { actor, signal });
        return { currency: body.currency ?? (await currencyOf(actor, signal)) };
      },
      handle: async ({ tx, actor, params, body, prepared }) => {
        const repeatMessage = 'Transaction recorded before';
        if (prepared.repeated) return toSavedResponse(200, repeatMessage, prepared.repeated);
        const { currency } = prepared;
        const { transaction, recorded } = await recordTransaction(tx, actor, params.customer_id, body, currency);
        return recorded
          ? toSavedResponse(201, 'Transaction recorded', transaction)
          : toSavedResponse(200, repeatMessage, transaction);
      },
    }),
    route({
      method: 'get',
      path,
      operation: 'customers.transactions.list',
      errors: { 404: ['CUSTOMER_NOT_FOUND'] },
      summary: 'List a customer’s transactions, newest first',
      description: 'Ordered by occurred_at.',
      allow: 'transactions:read',
      params: CustomerId,
      query: CustomerTransactionQuery,
      responses: { 200: TransactionList },
      prepare: ({ actor, params, signal }) => customers(params.customer_id, { actor, signal }),
      handle: async ({ db, actor: { company_id }, params: { customer_id }, query }) => {
        const list = { list: 'transactions', company_id, customer_id };
        const { filter, range, toResponse } = readListRequest(cursors, list, query);
        return toResponse(
          'transactions',
          await listTransactions(db, { company_id }, { ...filter, customer_id }, range),
        );
      },
    }),
    route({
      method: 'get',
      path: itemPath,
      operation: 'customers.transactions.get',
      errors: { 404: ['CUSTOMER_NOT_FOUND', 'TRANSACTION_NOT_FOUND'] },
      summary: 'Get a transaction',
      allow: 'transactions:read',
      params: TransactionId,
      conditionalGet: true,
      responses: { 200: TransactionResponse },
      prepare: ({ actor, params, signal }) => customers(params.customer_id, { actor, signal }),
      handle: async ({ db, actor, params }) => {
        const transaction = await findTransaction(db, actor.company_id, params);
        if (!transaction) throw notFound('transaction');
        return withETag(transaction.version, { transaction });
      },
    }),
    route({
      method: 'patch',
      path: itemPath,
      operation: 'customers.transactions.update',
      errors: {
        404: ['CUSTOMER_NOT_FOUND', 'TRANSACTION_NOT_FOUND'],
        409: ['CONFLICT'],
        422: ['REFUND_EXCEEDS_ORDER'],
      },
      summary: 'Update a transaction',
      description:
        'Omitted fields are unchanged; null clears order_id and description. Status changes: pending to completed or cancelled, ' +
        'completed to cancelled; any other is a 409. amount, currency and occurred_at can change only while the status is pending. ' +
        'A change by which refunds exceed their order is a 422 REFUND_EXCEEDS_ORDER.',
      allow: 'transactions:update',
      params: TransactionId,
      body: TransactionPatch,
      example: { description: 'Paid by card' },
      responses: { 200: SavedTransactionResponse },
      prepare: ({ actor, params, signal }) => customers(params.customer_id, { actor, signal }),
      handle: async ({ tx, actor, params, body, expected_version }) =>
        toSavedResponse(
          200,
          'Transaction updated',
          await changeTransaction(tx, { actor, key: params, expected_version }, body),
        ),
    }),
    route({
      method: 'get',
      path: '/api/transactions',
      operation: 'transactions.list',
      summary: 'List a company’s transactions, newest first',
      description: 'Ordered by occurred_at; includes transactions of hard-deleted customers.',
      allow: 'transactions:read',
      tenancy: 'company-or-all',
      query: TransactionQuery,
      responses: { 200: TransactionList },
      handle: async ({ db, scope, query }) => {
        const { filter, range, toResponse } = readListRequest(cursors, { list: 'all transactions', scope }, query);
        return toResponse('transactions', await listTransactions(db, scope, filter, range));
      },
    }),
  ];
};
