import { route, type Route } from '@clientela/http';
import { companyStatistics, userStatistics } from './rules.ts';
import { CompanyAnalytics, UserAnalytics } from './schema.ts';
import { countCompanies, countNewCompanies, countNewUsers, countUsers, listSignInDays } from './store.ts';

const description = 'Covers your company; for superusers the whole installation, or the company they name.';

export const analyticsRoutes = (): Route[] => [
  route({
    method: 'get',
    path: '/api/v1/users/analytics',
    operation: 'users.analytics.get',
    summary: 'Get statistics of users and sign-ins',
    description,
    allow: 'analytics:read',
    tenancy: 'company-or-all',
    responses: { 200: UserAnalytics },
    handle: async ({ db, scope }) => {
      const counts = await countUsers(db, scope);
      const newUsers = await countNewUsers(db, scope, { companiesOnly: false });
      const signInDays = await listSignInDays(db, scope);
      const generated_at = new Date().toISOString();
      const options = { isInstallationWide: 'all' in scope, today: generated_at.slice(0, 10) };
      return { ...userStatistics({ counts, newUsers, signInDays }, options), generated_at };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/companies/analytics',
    operation: 'companies.analytics.get',
    summary: 'Get statistics of companies and their users',
    description,
    allow: 'analytics:read',
    tenancy: 'company-or-all',
    responses: { 200: CompanyAnalytics },
    handle: async ({ db, scope }) => {
      const companies = await countCompanies(db, scope);
      const users = await countUsers(db, scope);
      const newCompanies = await countNewCompanies(db, scope);
      const newUsers = await countNewUsers(db, scope, { companiesOnly: true });
      return companyStatistics({ companies, users, newCompanies, newUsers });
    },
  }),
];
