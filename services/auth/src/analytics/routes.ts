import { route, type Route } from '@clientela/http';
import { companyFigures, userFigures } from './rules.ts';
import { CompanyAnalytics, UserAnalytics } from './schema.ts';
import { countCompanies, countNewCompanies, countNewUsers, countUsers, listSignInDays } from './store.ts';

export const analyticsRoutes = (): Route[] => [
  route({
    method: 'get',
    path: '/api/v1/users/analytics',
    summary: 'Figures about users and their sign-ins',
    description: 'Of one’s own company; for superusers of the whole installation, or of the company they name.',
    allow: 'analytics:read',
    tenancy: 'company-or-all',
    responses: { 200: UserAnalytics },
    handle: async ({ db, scope }) => {
      const counts = await countUsers(db, scope);
      const lately = await countNewUsers(db, scope, false);
      const signed = await listSignInDays(db, scope);
      const generated_at = new Date().toISOString();
      const options = { installation: 'all' in scope, today: generated_at.slice(0, 10) };
      return { ...userFigures({ counts, lately, signed }, options), generated_at };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/companies/analytics',
    summary: 'Figures about companies and their users',
    description: 'Of one’s own company; for superusers of the whole installation, or of the company they name.',
    allow: 'analytics:read',
    tenancy: 'company-or-all',
    responses: { 200: CompanyAnalytics },
    handle: async ({ db, scope }) => {
      const companies = await countCompanies(db, scope);
      const users = await countUsers(db, scope);
      const new_companies = await countNewCompanies(db, scope);
      const new_users = await countNewUsers(db, scope, true);
      return companyFigures({ companies, users, new_companies, new_users });
    },
  }),
];
