import type { Body, Company, CompanyList } from '@clientela/client';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';

export const perPage = 50;

/** Lists all companies; `api.companies.list` names the one that the superuser acts in, and gets no other. */
export const listCompanies = (limit: number, offset: number, signal: AbortSignal): Promise<CompanyList> =>
  api.request({ method: 'GET', path: '/api/v1/companies', query: { limit, offset }, options: { signal } });

export const companiesQuery = (page: number) =>
  queryOptions({
    queryKey: ['companies', 'list', page],
    queryFn: ({ signal }) => listCompanies(perPage, (page - 1) * perPage, signal),
    placeholderData: keepPreviousData,
  });

export const companyQuery = (id: string) =>
  queryOptions({
    queryKey: ['companies', 'record', id],
    queryFn: ({ signal }) => api.companies.get(id, { signal }),
  });

export async function saveCompany(id: string, body: Body<'companies.update'>, version?: number): Promise<Company> {
  const company = await api.companies.update(id, body, version === undefined ? {} : { ifMatch: { version } });
  queryClient.setQueryData(companyQuery(id).queryKey, company);
  void queryClient.invalidateQueries({ queryKey: ['companies'] });
  return company;
}
