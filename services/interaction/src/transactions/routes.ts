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
import { refuseDeleted, type CustomerLookup } from '../customers/customer-client.ts';
import { listing } from '../lists/list-request.ts';
import type { ProductLookup } from '../products/product-client.ts';
import { changeTransaction, findRepeated, recordTransaction } from './actions.ts';
import {
  CustomerId,
  CustomerTransactionQuery,
  NewTransaction,
  Transaction,
  TransactionId,
  TransactionList,
  TransactionQuery,
  TransactionSaved,
  TransactionShown,
  WritableTransaction,
} from './schema.ts';
import { findTransaction, listTransactions, type StoredTransaction } from './store.ts';

const path = '/api/customers/{customer_id}/transactions';
const one = `${path}/{transaction_id}`;

type Parts = { companies: CompanyClient; customers: CustomerLookup; products: ProductLookup; cursors: Cursors };

const saved = (status: 200 | 201, message: string, { version, ...transaction }: StoredTransaction) =>
  reply(status, { message, transaction }, { ETag: `"${version}"` });

export const transactionRoutes = ({ companies, customers, products, cursors }: Parts): Route[] => {
  const currencyOf = async (actor: CompanyActor, signal: AbortSignal) => {
    const company = await companies(actor.company_id, { actor, signal });
    if (!company) throw notFound('company');
    return company.currency;
  };

  return [
    route({
      method: 'post',
      path,
      summary: 'Record an order, payment or refund',
      description:
        'The author is the caller. An external_ref that the company has makes it a repeat: the same content answers 200 with the ' +
        'record as it is now, another content is a 409.',
      allow: 'transactions:create',
      params: CustomerId,
      body: NewTransaction,
      responses: { 200: TransactionSaved, 201: TransactionSaved },
      prepare: async ({ db, actor, params: { customer_id }, body, signal }) => {
        const repeated = await findRepeated(db, actor.company_id, customer_id, body);
        if (repeated) return { repeated };
        refuseDeleted(await customers(customer_id, { actor, signal }));
        if (body.product_id) await products(body.product_id, { actor, signal });
        return { currency: body.currency ?? (await currencyOf(actor, signal)) };
      },
      handle: async ({ tx, actor, params, body, prepared }) => {
        const again = 'Transaction recorded before';
        if (prepared.repeated) return saved(200, again, prepared.repeated);
        const { currency } = prepared;
        const { transaction, recorded } = await recordTransaction(tx, actor, params.customer_id, body, currency);
        return recorded ? saved(201, 'Transaction recorded', transaction) : saved(200, again, transaction);
      },
    }),
    route({
      method: 'get',
      path,
      summary: 'List a customer’s transactions, newest first',
      description: 'By when they occurred.',
      allow: 'transactions:read',
      params: CustomerId,
      query: CustomerTransactionQuery,
      responses: { 200: TransactionList },
      prepare: ({ actor, params, signal }) => customers(params.customer_id, { actor, signal }),
      handle: async ({ db, actor: { company_id }, params: { customer_id }, query }) => {
        const list = { list: 'transactions', company_id, customer_id };
        const { filter, wanted, answer } = listing(cursors, list, query);
        return answer('transactions', await listTransactions(db, { company_id }, { ...filter, customer_id }, wanted));
      },
    }),
    route({
      method: 'get',
      path: one,
      summary: 'Get a transaction',
      allow: 'transactions:read',
      params: TransactionId,
      conditionalGet: true,
      responses: { 200: TransactionShown },
      prepare: ({ actor, params, signal }) => customers(params.customer_id, { actor, signal }),
      handle: async ({ db, actor, params }) => {
        const found = await findTransaction(db, actor.company_id, params);
        if (!found) throw notFound('transaction');
        const { version, ...transaction } = found;
        return withETag(version, { transaction });
      },
    }),
    route({
      method: 'patch',
      path: one,
      summary: 'Change a transaction',
      description:
        'Fields left out stay; null clears order_id and description. A pending one becomes completed or cancelled, a completed one ' +
        'cancelled, and a cancelled one stays so (409). amount, currency and occurred_at change while it is pending only.',
      allow: 'transactions:update',
      params: TransactionId,
      body: patchBody(Transaction, WritableTransaction),
      responses: { 200: TransactionSaved },
      prepare: ({ actor, params, signal }) => customers(params.customer_id, { actor, signal }),
      handle: async ({ tx, actor, params, body, expected_version }) =>
        saved(200, 'Transaction updated', await changeTransaction(tx, { actor, key: params, expected_version }, body)),
    }),
    route({
      method: 'get',
      path: '/api/transactions',
      summary: 'List a company’s transactions, newest first',
      description: 'By when they occurred, those of customers removed for good too.',
      allow: 'transactions:read',
      tenancy: 'company-or-all',
      query: TransactionQuery,
      responses: { 200: TransactionList },
      handle: async ({ db, scope, query }) => {
        const { filter, wanted, answer } = listing(cursors, { list: 'all transactions', scope }, query);
        return answer('transactions', await listTransactions(db, scope, filter, wanted));
      },
    }),
  ];
};
