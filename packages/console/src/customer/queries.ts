import { StaleError, type Customer, type Product, type Query } from '@clientela/client';
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';
import { threeWay, type Clash, type Values } from '../forms/three-way.ts';
import { toBody } from './fields.ts';

export const customerQuery = (id: string) =>
  queryOptions({
    queryKey: ['customers', 'record', id],
    queryFn: async ({ signal }) => (await api.customers.get(id, { signal })).customer as Customer,
  });

const pageOf = (resource: string, id: string) => ['customers', 'record', id, resource];

export const timelineQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: pageOf('timeline', id),
    queryFn: ({ pageParam, signal }) =>
      api.customers.timeline.list(id, { cursor: pageParam, per_page: 30 }, { signal }),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });

export const historyQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: pageOf('history', id),
    queryFn: ({ pageParam, signal }) => api.customers.history.list(id, { cursor: pageParam, per_page: 30 }, { signal }),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });

export const notesQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: pageOf('notes', id),
    queryFn: ({ pageParam, signal }) => api.customers.notes.list(id, { page: pageParam, per_page: 30 }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, pages }) => (page < pages ? page + 1 : null),
  });

export const interactionsQuery = (id: string, type: string | undefined) =>
  infiniteQueryOptions({
    queryKey: [...pageOf('interactions', id), type],
    queryFn: ({ pageParam, signal }) =>
      api.customers.interactions.list(
        id,
        { cursor: pageParam, per_page: 30, ...(type !== undefined && { type }) },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });

type TransactionKind = Query<'customers.transactions.list'>['kind'];
export const transactionsQuery = (id: string, kind: TransactionKind) =>
  infiniteQueryOptions({
    queryKey: [...pageOf('transactions', id), kind],
    queryFn: ({ pageParam, signal }) =>
      api.customers.transactions.list(
        id,
        { cursor: pageParam, per_page: 30, ...(kind !== undefined && { kind }) },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });

export const statisticsQuery = (id: string) =>
  queryOptions({
    queryKey: pageOf('statistics', id),
    queryFn: ({ signal }) => api.customers.statistics.get(id, { signal }),
  });

/** The most records that a view of another service shows. */
export const viewSize = 100;
export const ordersQuery = (id: string) =>
  queryOptions({
    queryKey: pageOf('orders', id),
    queryFn: ({ signal }) => api.customers.orders.list(id, { limit: viewSize }, { signal }),
  });
export const complaintsQuery = (id: string) =>
  queryOptions({
    queryKey: pageOf('complaints', id),
    queryFn: ({ signal }) => api.customers.complaints.list(id, { limit: viewSize }, { signal }),
  });

const favoritesPage = 50;
export const favoritesQuery = (id: string, number: number) =>
  infiniteQueryOptions({
    queryKey: pageOf('favorites', id),
    queryFn: ({ pageParam, signal }) =>
      api.favorites.list({ user_id: [number], limit: favoritesPage, offset: pageParam }, { signal }),
    initialPageParam: 0,
    getNextPageParam: ({ count }, _pages, offset) => (offset + favoritesPage < count ? offset + favoritesPage : null),
  });

const maxNumbers = 100; // of one request
/** Finds products by the numbers that favorites have. One that is gone is missing. */
export const productsByNumberQuery = (numbers: readonly number[], isAllowed: boolean) =>
  queryOptions({
    queryKey: ['products', 'numbers', numbers.toSorted()],
    queryFn: async ({ signal }) => {
      const found: Product[] = [];
      for (let at = 0; at < numbers.length; at += maxNumbers) {
        const query = { number: numbers.slice(at, at + maxNumbers), active_only: false, per_page: maxNumbers };
        found.push(...(await api.products.list(query, { signal })).products);
      }
      return new Map(found.map((product) => [product.number, product]));
    },
    enabled: isAllowed && numbers.length > 0,
    placeholderData: keepPreviousData,
  });

export const tagsQuery = (id: string) =>
  queryOptions({
    queryKey: pageOf('tags', id),
    queryFn: async ({ signal }) => (await api.customers.tags.list(id, { signal })).tags,
  });

export const interactionTypesQuery = queryOptions({
  queryKey: ['interaction-types'],
  queryFn: async ({ signal }) => (await api.interactionTypes.list({ per_page: 100 }, { signal })).interaction_types,
  staleTime: 5 * 60_000,
});

/** Reads the record and everything about it again. */
export const refreshCustomer = (id: string): Promise<void> =>
  queryClient.invalidateQueries({ queryKey: ['customers', 'record', id] });

const followMs = [500, 2000, 6000];
const figures = new Set([undefined, 'statistics', 'orders', 'complaints']); // undefined: the record itself
/** Reads the figures of a customer again a moment later: the service that counts learns of a change by an event. */
export function followFigures(id: string): void {
  const filters = {
    queryKey: customerQuery(id).queryKey,
    predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => figures.has(queryKey[3] as string | undefined),
  };
  for (const ms of followMs) setTimeout(() => void queryClient.invalidateQueries(filters), ms);
}

/** Shows a customer as a change has stored it. */
export function keepCustomer(customer: Customer): Customer {
  queryClient.setQueryData(customerQuery(customer.id).queryKey, customer);
  return customer;
}

/** The values of a customer by path, as the record shows and edits them. */
export function valuesOf(customer: Customer): Values {
  const { address } = customer;
  return {
    full_name: customer.full_name,
    email: customer.email,
    phone: customer.phone,
    gender: customer.gender,
    birthday: customer.birthday,
    document_type: customer.document_type,
    document_number: customer.document_number,
    external_id: customer.external_id,
    'address.line': address?.line ?? null,
    'address.city': address?.city ?? null,
    'address.state': address?.state ?? null,
    'address.zip_code': address?.zip_code ?? null,
    'address.country': address?.country ?? null,
    'preferences.language': customer.preferences.language,
  };
}

export type SaveOutcome = { stored: Customer; clashes: Clash[] };
const maxTries = 5; // others may go on changing

/**
 * Saves what changed against the version that was read. Others' changes of other fields stay; nothing of theirs is overwritten unseen.
 * @param original the customer that the person saw
 * @returns the clashes that the person has to decide, against the customer as it is stored
 */
export async function saveCustomer(original: Customer, changes: Values): Promise<SaveOutcome> {
  let base = original;
  let send = changes;
  const clashes: Clash[] = [];
  for (let tries = 0; tries < maxTries; tries += 1) {
    if (Object.keys(send).length === 0) return { stored: base, clashes };
    try {
      const { customer } = await api.customers.put(base.id, toBody(send), { ifMatch: base });
      return { stored: keepCustomer(customer as Customer), clashes };
    } catch (error) {
      if (!(error instanceof StaleError)) throw error;
      const stored = keepCustomer((await api.customers.get(base.id)).customer as Customer);
      const merged = threeWay(valuesOf(base), send, valuesOf(stored));
      clashes.push(...merged.clashes);
      [base, send] = [stored, merged.send];
    }
  }
  throw new Error('others go on changing the customer');
}
