import { pageNumber } from '../api/search-params.ts';

/** Reads the page of the list from its address. */
export const companiesSearch = ({ page }: Record<string, unknown>): { page?: number | undefined } => ({
  page: pageNumber(page),
});
