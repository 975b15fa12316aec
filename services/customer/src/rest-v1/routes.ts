import { notFound } from '@clientela/errors';
import { duplicateCodes } from '../customers/error-codes.ts';
import { patchBody, route, withETag, writableFields, type CompanyClient, type Route } from '@clientela/http';
import { ignoring, nameSchemas } from '@clientela/validation';
import { callingCode } from '@clientela/validation/phones';
import { z } from 'zod';
import { requireCompany } from '../customers/company.ts';
import { changeByNumber, createLegacyCustomer, deleteByNumber } from './actions.ts';
import { lacksCode, toLegacyCustomer, toLegacyItem } from './rules.ts';
import {
  LegacyCustomer,
  LegacyListResponse,
  LegacyListQuery,
  CustomerNumber,
  SuccessResponse,
  NewLegacyCustomer,
  NewPhone,
  WritableLegacyCustomer,
} from './schema.ts';
import { countUndeleted, findByNumber, listByNumber } from './store.ts';

const path = '/rest/v1/customers';
const customerPath = `${path}/{customer_id}`;

const LegacyCustomerPatch = ignoring(patchBody(LegacyCustomer, WritableLegacyCustomer));
nameSchemas({ LegacyCustomerPatch });

/** Legacy REST v1 API: undeleted customers by number. */
export const restV1Routes = (companies: CompanyClient): Route[] => [
  route({
    method: 'get',
    path,
    operation: 'rest_v1.customers.list',
    summary: 'List customers (legacy v1 API)',
    description: 'Undeleted customers, by number.',
    allow: 'customers:read',
    tenancy: 'company-or-all',
    query: LegacyListQuery,
    responses: { 200: LegacyListResponse },
    handle: async ({ db, scope, query, actor, signal }) => {
      const rows = await listByNumber(db, scope, query);
      const ids = new Set(rows.filter(({ phone }) => lacksCode(phone)).map(({ company_id }) => company_id));
      const codes = await fetchCallingCodes(companies, [...ids], { actor, signal });
      return {
        items: rows.map(({ company_id, ...row }) => toLegacyItem(row, codes.get(company_id))),
        count: await countUndeleted(db, scope),
      };
    },
  }),
  route({
    method: 'post',
    path,
    operation: 'rest_v1.customers.create',
    errors: { 404: ['COMPANY_NOT_FOUND'], 409: [...duplicateCodes] },
    summary: 'Create a customer (legacy v1 API)',
    allow: 'customers:create',
    body: NewLegacyCustomer,
    example: { phone: '79025163111', firstname: 'Ana' },
    responses: { 201: LegacyCustomer },
    prepare: ({ actor, signal }) => requireCompany(companies, actor.company_id, { actor, signal }),
    handle: async ({ tx, actor, body, prepared }) => {
      const customer = await createLegacyCustomer(tx, actor, writableFields(body, WritableLegacyCustomer), prepared);
      return withETag(customer.version, toLegacyCustomer(customer));
    },
  }),
  route({
    method: 'get',
    path: customerPath,
    operation: 'rest_v1.customers.get',
    errors: { 404: ['CUSTOMER_NOT_FOUND'] },
    summary: 'Get a customer (legacy v1 API)',
    description: 'Undeleted customers only.',
    allow: 'customers:read',
    params: CustomerNumber,
    conditionalGet: false, // like GET /api/customers/{customer_id}
    responses: { 200: LegacyCustomer },
    handle: async ({ db, actor, params }) => {
      const customer = await findByNumber(db, actor.company_id, Number(params.customer_id));
      if (!customer) throw notFound('customer');
      return withETag(customer.version, toLegacyCustomer(customer));
    },
  }),
  route({
    method: 'patch',
    path: customerPath,
    operation: 'rest_v1.customers.update',
    errors: { 404: ['CUSTOMER_NOT_FOUND'], 409: [...duplicateCodes] },
    summary: 'Change a customer (legacy v1 API)',
    description:
      'Omitted fields keep their values; null clears a field, except the phone. Returns the customer, or the response of …/phone when the ' +
      'body has only a phone.',
    allow: 'customers:update',
    rateLimit: 'customer-patch',
    params: CustomerNumber,
    body: LegacyCustomerPatch,
    example: { firstname: 'Ana', city_id: 1 },
    responses: { 200: z.union([LegacyCustomer, SuccessResponse]) },
    handle: async ({ tx, actor, params, body, expected_version }) => {
      const target = { actor, number: Number(params.customer_id), expected_version };
      const customer = await changeByNumber(tx, target, body);
      const isPhoneOnly = Object.keys(body).join() === 'phone';
      return withETag(customer.version, isPhoneOnly ? phoneChanged : toLegacyCustomer(customer));
    },
  }),
  route({
    method: 'patch',
    path: `${customerPath}/phone`,
    operation: 'rest_v1.customers.set_phone',
    errors: { 404: ['CUSTOMER_NOT_FOUND'], 409: ['CUSTOMER_PHONE_TAKEN'] },
    summary: 'Change a customer’s phone (legacy v1 API)',
    allow: 'customers:update',
    rateLimit: 'customer-patch',
    params: CustomerNumber,
    body: NewPhone,
    example: { phone: '79025163112' },
    responses: { 200: SuccessResponse },
    handle: async ({ tx, actor, params, body, expected_version }) => {
      const target = { actor, number: Number(params.customer_id), expected_version };
      return withETag((await changeByNumber(tx, target, body)).version, phoneChanged);
    },
  }),
  route({
    method: 'delete',
    path: customerPath,
    operation: 'rest_v1.customers.delete',
    errors: { 404: ['CUSTOMER_NOT_FOUND'] },
    summary: 'Delete a customer (legacy v1 API)',
    description: 'Sets a deletion mark, like DELETE /api/customers/{customer_id}.',
    allow: 'customers:delete',
    params: CustomerNumber,
    responses: { 200: SuccessResponse },
    handle: async ({ tx, actor, params, expected_version }) => {
      await deleteByNumber(tx, { actor, number: Number(params.customer_id), expected_version });
      return { success: true as const, message: 'Customer deleted' };
    },
  }),
];

const phoneChanged = { success: true as const, message: 'Phone changed' };

/** Fetches the calling codes of companies, for phones in national form. */
async function fetchCallingCodes(companies: CompanyClient, ids: readonly string[], call: Parameters<CompanyClient>[1]) {
  const entries = ids.map(async (id) => [id, callingCode((await companies(id, call))?.country ?? '')] as const);
  return new Map(await Promise.all(entries));
}
