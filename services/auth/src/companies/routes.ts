import { InternalCompany, outsideServices } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { forbidden, notFound } from '@clientela/errors';
import { patchBody, route, withETag, type Actor, type Route } from '@clientela/http';
import { ignoring, Message, nameSchemas } from '@clientela/validation';
import { z } from 'zod';
import { changeCompany, closeCompany, createCompany } from './actions.ts';
import {
  Company,
  CompanyParams,
  CompanyList,
  CompanyQuery,
  CompanyReference,
  ignoredFields,
  NewCompany,
  WritableCompany,
  type CompanyDefaults,
} from './schema.ts';
import { findCompany, findCompanyByKey, findCompanyId, listCompanies } from './store.ts';

const path = '/api/v1/companies';
const companyPath = `${path}/{company_id}`;

const toResponse = (company: Company) => withETag(company.version, company);

/**
 * Resolves the company in a path and checks access to it.
 * @throws AppError 403 for another company, whether or not it exists; 404 for a superuser when it does not
 */
async function resolveCompanyId(db: Db, actor: Actor, reference: string): Promise<string> {
  const id = await findCompanyId(db, reference);
  if (actor.role !== 'superuser' && (!id || id !== actor.company_id))
    throw forbidden('Access to this company is not allowed');
  if (!id) throw notFound('company');
  return id;
}

const CompanyPatch = ignoring(patchBody(Company, WritableCompany), ignoredFields);
nameSchemas({ CompanyPatch });

export const companyRoutes = (defaults: CompanyDefaults): Route[] => [
  route({
    method: 'get',
    path,
    operation: 'companies.list',
    summary: 'List companies',
    description: 'Newest first. Only superusers see companies other than their own.',
    allow: 'companies:read',
    tenancy: 'company-or-all',
    query: CompanyQuery,
    responses: { 200: CompanyList },
    handle: async ({ db, scope, query }) => {
      const { rows: companies, ...counted } = await listCompanies(db, scope, query);
      return { companies, ...counted, ...query };
    },
  }),
  route({
    method: 'post',
    path,
    operation: 'companies.create',
    errors: { 409: ['COMPANY_COMPANY_KEY_TAKEN', 'COMPANY_DOCUMENT_NUMBER_TAKEN'] },
    summary: 'Create a company',
    description:
      'company_key defaults to the COMP key; a custom one must not begin with COMP- or be a UUID. NIT, RUT, CPF and CNPJ numbers must have a valid check digit.',
    allow: 'companies:create',
    tenancy: 'global',
    body: NewCompany,
    example: { name: 'Example Ltd', country: 'ES', currency: 'EUR' },
    responses: { 201: Company },
    handle: async ({ tx, actor, body }) => toResponse(await createCompany(tx, actor, body, defaults)),
  }),
  route({
    method: 'get',
    path: companyPath,
    operation: 'companies.get',
    errors: { 404: ['COMPANY_NOT_FOUND'] },
    summary: 'Get a company',
    description: 'By id, COMP key or company_key.',
    allow: 'companies:read',
    tenancy: 'global',
    params: CompanyParams,
    responses: { 200: Company },
    conditionalGet: false, // its counts change without a new version
    handle: async ({ db, actor, params }) => {
      const company = await findCompany(db, await resolveCompanyId(db, actor, params.company_id));
      if (!company) throw notFound('company');
      return toResponse(company);
    },
  }),
  route({
    method: 'put',
    path: companyPath,
    operation: 'companies.update',
    errors: { 404: ['COMPANY_NOT_FOUND'], 409: ['COMPANY_COMPANY_KEY_TAKEN', 'COMPANY_DOCUMENT_NUMBER_TAKEN'] },
    summary: 'Change a company',
    description:
      'Omitted fields keep their value; null clears business_name and the document. Only superusers may change status, days_credit and company_key. Every status but active ends the sessions of the company’s users. Turning require_mfa on ends those of staff without a second factor, your own too.',
    allow: 'companies:update',
    tenancy: 'global',
    params: CompanyParams,
    body: CompanyPatch,
    example: { business_name: 'Example Limited' },
    responses: { 200: Company },
    handle: async ({ tx, actor, params, body, expected_version }) => {
      const id = await resolveCompanyId(tx, actor, params.company_id);
      return toResponse(await changeCompany(tx, { actor, id, expected_version }, body));
    },
  }),
  route({
    method: 'delete',
    path: companyPath,
    operation: 'companies.delete',
    errors: { 404: ['COMPANY_NOT_FOUND'] },
    summary: 'Deactivate a company',
    description: 'Keeps its records, ends the sessions of its users and blocks their sign-in.',
    allow: 'companies:delete',
    tenancy: 'global',
    params: CompanyParams,
    responses: { 200: Message },
    handle: async ({ tx, actor, params, expected_version }) => {
      await closeCompany(tx, { actor, id: await resolveCompanyId(tx, actor, params.company_id), expected_version });
      return { message: 'Company deactivated' };
    },
  }),
  route({
    method: 'get',
    path: '/internal/companies/{key}',
    summary: 'Find a company by id or COMP key',
    allow: { internal: ['customer', 'interaction', 'product', 'favorites', ...outsideServices] },
    tenancy: 'global',
    params: z.strictObject({ key: CompanyReference }),
    responses: { 200: InternalCompany.strict() },
    handle: async ({ db, params }) => {
      const company = await findCompanyByKey(db, params.key);
      if (!company) throw notFound('company');
      return company;
    },
  }),
];
