import { whenSignedOut } from '../api/session.ts';
import type { CustomersSearch } from './search-params.ts';

let list: CustomersSearch | undefined;

/** Keeps which list of customers was seen last, so that a customer's page leads to its neighbours there. */
export const rememberList = (search: CustomersSearch): void => {
  list = search;
};
export const lastList = (): CustomersSearch | undefined => list;

whenSignedOut(() => {
  list = undefined;
});
