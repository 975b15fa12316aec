import { notFound } from '@clientela/errors';
import { reply, route, type CompanyLookup, type Route } from '@clientela/http';
import type { StoredCustomer } from '../customers/store.ts';
import { makeProfile } from './actions.ts';
import { NewProfile, ProfileShown } from './schema.ts';

/** The whole record: what stays inside is what stays inside for everybody. */
const shown = ({ version: _v, deleted_at: _d, full_name_built: _f, phone_typed: _p, ...customer }: StoredCustomer) => ({
  customer,
});

export const profileRoutes = (companies: CompanyLookup): Route[] => [
  route({
    method: 'post',
    path: '/api/customers/internal/create',
    summary: 'Make the profile of a user who is a customer',
    description: 'Once per company and user. A value that another customer holds is left out.',
    allow: { internal: ['auth'] },
    reaches: 'installation',
    body: NewProfile,
    responses: { 200: ProfileShown, 201: ProfileShown },
    prepare: async ({ actor, body, signal }) => {
      const company = await companies(body.business_id, { actor, signal });
      if (!company) throw notFound('company');
      return company;
    },
    handle: async ({ tx, actor, body, prepared: company }) => {
      const cause = { ...actor, company_id: company.id };
      const { customer, made } = await makeProfile(tx, cause, body, company);
      return reply(made ? 201 : 200, shown(customer));
    },
  }),
];
