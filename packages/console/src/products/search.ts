import { oneOf, pageNumber, text } from '../api/search-params.ts';

export const types = ['product', 'service'] as const;
export const sorts = ['name', '-created_at', '-updated_at', 'price', '-price'] as const;

export type ProductsSearch = {
  search?: string | undefined;
  type?: (typeof types)[number] | undefined;
  /** `all` shows inactive products too. */
  state?: 'all' | undefined;
  sort?: (typeof sorts)[number] | undefined;
  page?: number | undefined;
};

/** Reads the filters of the list from its address. */
export const productsSearch = (search: Record<string, unknown>): ProductsSearch => ({
  search: text(search['search']),
  type: oneOf(search['type'], types),
  state: oneOf(search['state'], ['all']),
  sort: oneOf(search['sort'], sorts),
  page: pageNumber(search['page']),
});
