import { InternalCompany } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { forbidden, notFound } from '@clientela/errors';
import { patchBody, route, withETag, type Actor, type Route } from '@clientela/http';
import { Message } from '@clientela/validation';
import { z } from 'zod';
import { changeCompany, closeCompany, createCompany } from './actions.ts';
import {
  Company,
  CompanyId,
  CompanyList,
  CompanyQuery,
  CompanyReference,
  NewCompany,
  WritableCompany,
} from './schema.ts';
import { findCompany, findCompanyByKey, findCompanyId, listCompanies, type StoredCompany } from './store.ts';

/** What a company starts with. */
export type CompanyDefaults = { country: string; currency: string };

const path = '/api/v1/companies';
const one = `${path}/{company_id}`;

const shown = ({ version, ...company }: StoredCompany) => withETag(version, company);

/**
 * The company that a path means, for those who may reach it.
 * @throws AppError 403 for another's, alike whether it exists or not; a superuser's unknown one is a 404
 */
async function reached(db: Db, actor: Actor, reference: string): Promise<string> {
  const id = await findCompanyId(db, reference);
  if (actor.role !== 'superuser' && (!id || id !== actor.company_id)) throw forbidden('That is not your company');
  if (!id) throw notFound('company');
  return id;
}

export const companyRoutes = (defaults: CompanyDefaults): Route[] => [
  route({
    method: 'get',
    path,
    summary: 'List companies',
    description: 'Newest first. All but superusers see their own only.',
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
    summary: 'Create a company',
    description:
      'company_key is the COMP key when left out; given, it does not begin with COMP- and is no UUID. A number of NIT, RUT, CPF or CNPJ must be right.',
    allow: 'companies:create',
    tenancy: 'global',
    body: NewCompany,
    responses: { 201: Company },
    handle: async ({ tx, actor, body }) => shown(await createCompany(tx, actor, body, defaults)),
  }),
  route({
    method: 'get',
    path: one,
    summary: 'Get a company',
    description: 'By its id, COMP key or company_key.',
    allow: 'companies:read',
    tenancy: 'global',
    params: CompanyId,
    responses: { 200: Company },
    conditionalGet: false, // its counts change without raising the version
    handle: async ({ db, actor, params }) => {
      const company = await findCompany(db, await reached(db, actor, params.company_id));
      if (!company) throw notFound('company');
      return shown(company);
    },
  }),
  route({
    method: 'put',
    path: one,
    summary: 'Change a company',
    description:
      'Fields left out stay; null clears business_name and the document. status, days_credit and company_key are a superuser’s. A company that is not active ends its users’ sessions.',
    allow: 'companies:update',
    tenancy: 'global',
    params: CompanyId,
    body: patchBody(Company, WritableCompany),
    responses: { 200: Company },
    handle: async ({ tx, actor, params, body, expected_version }) => {
      const id = await reached(tx, actor, params.company_id);
      return shown(await changeCompany(tx, { actor, id, expected_version }, body));
    },
  }),
  route({
    method: 'delete',
    path: one,
    summary: 'Make a company inactive',
    description: 'Its records stay; its users’ sessions end and they do not sign in any more.',
    allow: 'companies:delete',
    tenancy: 'global',
    params: CompanyId,
    responses: { 200: Message },
    handle: async ({ tx, actor, params, expected_version }) => {
      await closeCompany(tx, { actor, id: await reached(tx, actor, params.company_id), expected_version });
      return { message: 'Company deactivated' };
    },
  }),
  route({
    method: 'get',
    path: '/internal/companies/{key}',
    summary: 'Find a company by id or COMP key',
    allow: { internal: ['customer', 'interaction', 'product', 'favorites'] },
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
