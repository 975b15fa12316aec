import type { Body, Product, Query } from '@clientela/client';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';

export const perPage = 50;

export const productsQuery = (query: Query<'products.list'>) =>
  queryOptions({
    queryKey: ['products', 'list', query],
    queryFn: ({ signal }) => api.products.list({ ...query, per_page: perPage }, { signal }),
    placeholderData: keepPreviousData,
  });

export const productQuery = (id: string) =>
  queryOptions({
    queryKey: ['products', 'record', id],
    queryFn: async ({ signal }) => (await api.products.get(id, { signal })).product,
  });

/** How many customers have the product among their favorites. */
export const favoritesQuery = (number: number) =>
  queryOptions({
    queryKey: ['products', 'favorites', number],
    queryFn: async ({ signal }) => (await api.favorites.list({ item_id: [number], limit: 1 }, { signal })).count,
  });

const changed = () => queryClient.invalidateQueries({ queryKey: ['products'] });

export async function createProduct(body: Body<'products.create'>, idempotencyKey: string): Promise<Product> {
  const { product } = await api.products.create(body, { idempotencyKey });
  void changed();
  return product;
}

export async function saveProduct(id: string, body: Body<'products.put'>, version: number): Promise<Product> {
  const { product } = await api.products.put(id, body, { ifMatch: { version } });
  queryClient.setQueryData(productQuery(id).queryKey, product);
  void changed();
  return product;
}

export async function setActive(id: string, isActive: boolean): Promise<void> {
  await (isActive ? api.products.activate(id) : api.products.delete(id));
  await changed();
}
