import { queryOptions, useQuery } from '@tanstack/react-query';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';
import { customerName } from './queries.ts';

const maxIds = 100; // of one request

type Batch = { ids: Set<string>; names: Promise<ReadonlyMap<string, string>> };
let batch: Batch | undefined;

async function loadNames(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  await new Promise((resolve) => setTimeout(resolve)); // by then everything that is drawn at once has asked
  if (batch?.ids === ids) batch = undefined;
  const { customers } = await api.customers.list({ id: [...ids], active_only: false, per_page: maxIds });
  return new Map(customers.map((customer) => [customer.id, customerName(customer)]));
}

/** Asks for the name of a customer, together with all others that are asked for at the same time. */
async function loadName(id: string): Promise<string | null> {
  if (batch === undefined || batch.ids.size >= maxIds) {
    const ids = new Set<string>();
    batch = { ids, names: loadNames(ids) };
  }
  batch.ids.add(id);
  return (await batch.names).get(id) ?? null;
}

const nameQuery = (id: string) =>
  queryOptions({ queryKey: ['customers', 'name', id], queryFn: () => loadName(id), staleTime: 60_000 });

/** The name of a customer: null when it is gone, undefined while nobody knows. */
export const useCustomerName = (id: string): string | null | undefined => useQuery(nameQuery(id)).data;

/** The name of a customer if it was read before. */
export const knownCustomerName = (id: string): string | null | undefined =>
  queryClient.getQueryData(nameQuery(id).queryKey);
