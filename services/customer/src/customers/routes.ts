import { InternalCustomer } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import {
  requirePermission,
  patchBody,
  route,
  withETag,
  type CompanyActor,
  type CompanyClient,
  type Route,
} from '@clientela/http';
import { Message } from '@clientela/validation';
import {
  activateCustomer,
  changeCustomer,
  changeStatus,
  changeType,
  createCustomer,
  markDeleted,
  removeCustomer,
} from './actions.ts';
import { ownsCustomer, toSavedResponse, toResponse } from './presenter.ts';
import {
  Customer,
  CustomerId,
  CustomerKey,
  SavedCustomerResponse,
  CustomerResponse,
  NewCustomer,
  DeleteQuery,
  StatusChange,
  TypeChange,
  checkedPatch,
  WritableCustomer,
} from './schema.ts';
import { findCustomer, findCustomerByKey } from './store.ts';

const path = '/api/customers';
const one = `${path}/{customer_id}`;

export const customerRoutes = (companies: CompanyClient): Route[] => {
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
      allow: { permission: 'customers:update', own: ownsCustomer },
      ...(method === 'patch' && { rateLimit: 'customer-patch' }),
      params: CustomerId,
      body: checkedPatch(patchBody(Customer, WritableCustomer)),
      responses: { 200: SavedCustomerResponse },
      prepare: async ({ actor, body, signal }) =>
        typeof body['phone'] === 'string' ? (await companyOf(actor, signal)).country : '',
      handle: async ({ tx, actor, params, body, expected_version, prepared }) => {
        const target = { actor, id: params.customer_id, expected_version };
        return toSavedResponse(actor, 'Customer updated', await changeCustomer(tx, target, body, prepared));
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
      responses: { 201: SavedCustomerResponse },
      prepare: ({ actor, signal }) => companyOf(actor, signal),
      handle: async ({ tx, actor, body, prepared }) =>
        toSavedResponse(actor, 'Customer created', await createCustomer(tx, actor, body, prepared)),
    }),
    route({
      method: 'get',
      path: one,
      summary: 'Get a customer',
      description: 'Inactive and deleted ones too.',
      allow: { permission: 'customers:read', own: ownsCustomer },
      params: CustomerId,
      conditionalGet: false, // counters raise no version
      responses: { 200: CustomerResponse },
      handle: async ({ db, actor, params }) => {
        const customer = await findCustomer(db, actor.company_id, params.customer_id);
        if (!customer) throw notFound('customer');
        return withETag(customer.version, { customer: toResponse(actor, customer) });
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
      query: DeleteQuery,
      responses: { 200: Message },
      handle: async ({ tx, actor, params, query, expected_version }) => {
        const target = { actor, id: params.customer_id, expected_version };
        if (!query.hard_delete) {
          await markDeleted(tx, target);
          return { message: 'Customer deactivated' };
        }
        requirePermission(actor, 'customers:hard_delete');
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
      responses: { 200: SavedCustomerResponse },
      handle: async ({ tx, actor, params, expected_version }) =>
        toSavedResponse(
          actor,
          'Customer activated',
          await activateCustomer(tx, { actor, id: params.customer_id, expected_version }),
        ),
    }),
    route({
      method: 'patch',
      path: `${one}/status`,
      summary: 'Change the status of a customer',
      description: 'Never deletes. The reason is kept in the history. The same status again is no change.',
      allow: 'customers:update',
      params: CustomerId,
      body: StatusChange,
      responses: { 200: SavedCustomerResponse },
      handle: async ({ tx, actor, params, body, expected_version }) => {
        const target = { actor, id: params.customer_id, expected_version };
        return toSavedResponse(actor, 'Customer status changed', await changeStatus(tx, target, body));
      },
    }),
    route({
      method: 'patch',
      path: `${one}/type`,
      summary: 'Change the type of a customer',
      allow: 'customers:update',
      params: CustomerId,
      body: TypeChange,
      responses: { 200: SavedCustomerResponse },
      handle: async ({ tx, actor, params, body, expected_version }) => {
        const target = { actor, id: params.customer_id, expected_version };
        return toSavedResponse(actor, 'Customer type changed', await changeType(tx, target, body.type));
      },
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
