import { InternalCustomer } from '@clientela/contracts';
import { duplicateCodes } from './error-codes.ts';
import { notFound } from '@clientela/errors';
import { requirePermission, route, withETag, type CompanyActor, type CompanyClient, type Route } from '@clientela/http';
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
import { requireCompany } from './company.ts';
import { ownsCustomer, toSavedResponse, toResponse } from './presenter.ts';
import { CustomerPatch } from './patch.ts';
import { needsCountry } from './rules.ts';
import {
  CustomerId,
  CustomerKey,
  SavedCustomerResponse,
  CustomerResponse,
  NewCustomer,
  DeleteQuery,
  StatusChange,
  TypeChange,
} from './schema.ts';
import { findCustomer, findCustomerByKey } from './store.ts';

const path = '/api/customers';
const customerPath = `${path}/{customer_id}`;

export const customerRoutes = (companies: CompanyClient): Route[] => {
  const fetchCompany = (actor: CompanyActor, signal: AbortSignal) =>
    requireCompany(companies, actor.company_id, { actor, signal });

  const changeRoute = (method: 'put' | 'patch') =>
    route({
      method,
      path: customerPath,
      operation: method === 'put' ? 'customers.put' : 'customers.update',
      errors: {
        403: ['CUSTOMER_SUSPENDED'],
        404: ['CUSTOMER_NOT_FOUND'],
        409: ['CUSTOMER_DELETED', ...duplicateCodes],
      },
      summary: 'Change a customer',
      description:
        'Omitted fields keep their values, null clears a field. Keys of address, preferences and metadata are merged; null ' +
        'removes a key of metadata (RFC 7396). Counters and times that change by themselves are ignored. A full_name that was built from firstname and lastname is rebuilt when they change. user_id is read-only once it is ' +
        'set. At least one of full_name, firstname, lastname, email and phone must remain.',
      allow: { permission: 'customers:update', own: ownsCustomer },
      ...(method === 'patch' && { rateLimit: 'customer-patch' }),
      params: CustomerId,
      body: CustomerPatch,
      example: { full_name: 'Ana García', address: { city: 'Madrid', country: 'Spain' } },
      responses: { 200: SavedCustomerResponse },
      prepare: async ({ actor, body, signal }) =>
        needsCountry(body) ? (await fetchCompany(actor, signal)).country : '',
      handle: async ({ tx, actor, params, body, expected_version, prepared }) => {
        const target = { actor, id: params.customer_id, expected_version };
        return toSavedResponse(actor, 'Customer updated', await changeCustomer(tx, target, body, prepared));
      },
    });

  return [
    route({
      method: 'post',
      path,
      operation: 'customers.create',
      errors: { 404: ['COMPANY_NOT_FOUND'], 409: [...duplicateCodes, 'TAG_LABEL_TAKEN'] },
      summary: 'Create a customer',
      description:
        'At least one of full_name, firstname, lastname, email and phone is required. A document_number needs its document_type. ' +
        'National phone numbers are normalized by the country of the company.',
      allow: 'customers:create',
      body: NewCustomer,
      example: { full_name: 'Ana García', email: 'ana@example.com', phone: '+34600111222', tags: ['VIP'] },
      responses: { 201: SavedCustomerResponse },
      prepare: ({ actor, signal }) => fetchCompany(actor, signal),
      handle: async ({ tx, actor, body, prepared }) =>
        toSavedResponse(actor, 'Customer created', await createCustomer(tx, actor, body, prepared)),
    }),
    route({
      method: 'get',
      path: customerPath,
      operation: 'customers.get',
      errors: { 404: ['CUSTOMER_NOT_FOUND'] },
      summary: 'Get a customer',
      description: 'Includes inactive and deleted customers.',
      allow: { permission: 'customers:read', own: ownsCustomer },
      params: CustomerId,
      conditionalGet: false, // counters change without raising the version
      responses: { 200: CustomerResponse },
      handle: async ({ db, actor, params }) => {
        const customer = await findCustomer(db, actor.company_id, params.customer_id);
        if (!customer) throw notFound('customer');
        return withETag(customer.version, { customer: toResponse(actor, customer) });
      },
    }),
    changeRoute('put'),
    changeRoute('patch'),
    route({
      method: 'delete',
      path: customerPath,
      operation: 'customers.delete',
      errors: { 404: ['CUSTOMER_NOT_FOUND'] },
      summary: 'Deactivate or remove a customer',
      description:
        'Sets a deletion mark, which activate clears. With hard_delete=true, for admins only, the record is removed permanently from ' +
        'every service.',
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
      path: `${customerPath}/activate`,
      operation: 'customers.activate',
      errors: { 404: ['CUSTOMER_NOT_FOUND'], 409: [...duplicateCodes] },
      summary: 'Activate a customer',
      description:
        'Sets the status active, also of a deleted customer; 409 when another customer has one of its unique values.',
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
      path: `${customerPath}/status`,
      operation: 'customers.set_status',
      errors: { 404: ['CUSTOMER_NOT_FOUND'], 409: ['CUSTOMER_DELETED'] },
      summary: 'Change the status of a customer',
      description: 'Never deletes. The reason is stored in the history. Setting the same status again changes nothing.',
      allow: 'customers:update',
      params: CustomerId,
      body: StatusChange,
      example: { status: 'suspended', reason: 'Unpaid invoices' },
      responses: { 200: SavedCustomerResponse },
      handle: async ({ tx, actor, params, body, expected_version }) => {
        const target = { actor, id: params.customer_id, expected_version };
        return toSavedResponse(actor, 'Customer status changed', await changeStatus(tx, target, body));
      },
    }),
    route({
      method: 'patch',
      path: `${customerPath}/type`,
      operation: 'customers.set_type',
      errors: { 404: ['CUSTOMER_NOT_FOUND'], 409: ['CUSTOMER_DELETED'] },
      summary: 'Change the type of a customer',
      allow: 'customers:update',
      params: CustomerId,
      body: TypeChange,
      example: { type: 'vip' },
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
