import { InternalCustomer } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import {
  need,
  patchBody,
  route,
  versioned,
  type Actor,
  type CompanyActor,
  type CompanyLookup,
  type Route,
} from '@clientela/http';
import { Message } from '@clientela/values';
import { activateCustomer, changeCustomer, createCustomer, markDeleted, removeCustomer } from './actions.ts';
import { seenBy } from './rules.ts';
import {
  Customer,
  CustomerId,
  CustomerKey,
  CustomerPage,
  CustomerQuery,
  CustomerSaved,
  CustomerShown,
  NewCustomer,
  Removal,
  withDocument,
  WritableCustomer,
} from './schema.ts';
import { findCustomer, findCustomerByKey, findUserOf, listCustomers, type StoredCustomer } from './store.ts';

const path = '/api/customers';
const one = `${path}/{customer_id}`;

/** The record as it is answered; how its name came about, the typed phone and the deletion mark stay inside. */
const shown = (
  actor: Actor,
  { version: _v, deleted_at: _d, full_name_built: _f, phone_typed: _p, ...customer }: StoredCustomer,
) => seenBy(actor.role, customer);
const saved = (actor: Actor, message: string, customer: StoredCustomer) =>
  versioned(customer.version, { message, customer: shown(actor, customer) });

const own = async ({ actor, params, db }: Parameters<Extract<Route['allow'], { own: unknown }>['own']>[0]) =>
  (await findUserOf(db, actor.company_id, params['customer_id'] ?? '')) === actor.id;

export const customerRoutes = (companies: CompanyLookup): Route[] => {
  const companyOf = async (actor: CompanyActor, signal: AbortSignal) => {
    const company = await companies(actor.company_id, { actor, signal });
    if (!company) throw notFound('company');
    return company;
  };

  const change = (method: 'put' | 'patch') =>
    route({
      method,
      path: one,
      summary: 'Change a customer',
      description:
        'Fields left out stay, null clears one. Of address and preferences the given keys replace and the others stay; metadata is ' +
        'replaced whole. A full_name that was built from firstname and lastname is built again when they change. user_id is ' +
        'read-only once it is set. One of full_name, firstname, lastname, email and phone must remain.',
      allow: { permission: 'customers:update', own },
      params: CustomerId,
      body: withDocument(patchBody(Customer, WritableCustomer)),
      responses: { 200: CustomerSaved },
      prepare: async ({ actor, body, signal }) =>
        typeof body['phone'] === 'string' ? (await companyOf(actor, signal)).country : '',
      handle: async ({ tx, actor, params, body, expected_version, prepared }) => {
        const target = { actor, id: params.customer_id, expected_version };
        return saved(actor, 'Customer updated', await changeCustomer(tx, target, body, prepared));
      },
    });

  return [
    route({
      method: 'post',
      path,
      summary: 'Create a customer',
      description:
        'One of full_name, firstname, lastname, email and phone is required. A document_number needs its document_type. ' +
        'Phones are normalised by the country of the company.',
      allow: 'customers:create',
      body: NewCustomer,
      responses: { 201: CustomerSaved },
      prepare: ({ actor, signal }) => companyOf(actor, signal),
      handle: async ({ tx, actor, body, prepared }) =>
        saved(actor, 'Customer created', await createCustomer(tx, actor, body, prepared)),
    }),
    route({
      method: 'get',
      path,
      summary: 'List customers',
      allow: 'customers:read',
      reaches: 'list',
      query: CustomerQuery,
      responses: { 200: CustomerPage },
      handle: async ({ db, scope, query }) => {
        const { rows: customers, ...paging } = await listCustomers(db, scope, query);
        return { customers, ...paging };
      },
    }),
    route({
      method: 'get',
      path: one,
      summary: 'Get a customer',
      description: 'Inactive and deleted ones too.',
      allow: { permission: 'customers:read', own },
      params: CustomerId,
      revalidates: false, // counters raise no version
      responses: { 200: CustomerShown },
      handle: async ({ db, actor, params }) => {
        const customer = await findCustomer(db, actor.company_id, params.customer_id);
        if (!customer) throw notFound('customer');
        return versioned(customer.version, { customer: shown(actor, customer) });
      },
    }),
    change('put'),
    change('patch'),
    route({
      method: 'delete',
      path: one,
      summary: 'Deactivate a customer, or remove it',
      description:
        'Sets a deletion mark, which activate takes back. With hard_delete=true the record is removed for good, in every service, ' +
        'which needs an admin.',
      allow: 'customers:delete',
      params: CustomerId,
      query: Removal,
      responses: { 200: Message },
      handle: async ({ tx, actor, params, query, expected_version }) => {
        const target = { actor, id: params.customer_id, expected_version };
        if (!query.hard_delete) {
          await markDeleted(tx, target);
          return { message: 'Customer deactivated' };
        }
        need(actor, 'customers:hard_delete');
        await removeCustomer(tx, target);
        return { message: 'Customer removed' };
      },
    }),
    route({
      method: 'patch',
      path: `${one}/activate`,
      summary: 'Bring a customer back',
      description:
        'With status active, whether it was deleted, inactive or suspended; 409 when another took one of its unique values.',
      allow: 'customers:update',
      params: CustomerId,
      responses: { 200: CustomerSaved },
      handle: async ({ tx, actor, params, expected_version }) =>
        saved(
          actor,
          'Customer activated',
          await activateCustomer(tx, { actor, id: params.customer_id, expected_version }),
        ),
    }),
    route({
      method: 'get',
      path: '/internal/customers/{key}',
      summary: 'Find a customer by id or number',
      allow: { internal: ['interaction', 'favorites'] },
      params: CustomerKey,
      responses: { 200: InternalCustomer },
      handle: async ({ db, actor, params }) => {
        const customer = await findCustomerByKey(db, actor.company_id, params.key);
        if (!customer) throw notFound('customer');
        return customer;
      },
    }),
  ];
};
