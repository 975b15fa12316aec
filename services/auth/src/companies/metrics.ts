import { counter } from '@clientela/runtime';

export const companiesCreated = counter('clientela_companies_created_total', 'Companies created', {});
