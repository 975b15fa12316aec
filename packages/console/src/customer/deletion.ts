import type { Customer } from '@clientela/client';
import { queryOptions } from '@tanstack/react-query';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';
import type { Status } from '../customers/search-params.ts';
import { customerQuery } from './queries.ts';

const maxEntries = 1000; // of the history

/** Finds out whether a customer who is not active is deleted: the last change of the status says it. */
export const isDeletedQuery = (customer: Customer) =>
  queryOptions({
    queryKey: ['customers', 'record', customer.id, 'deleted', customer.version],
    queryFn: async ({ signal }) => {
      let seen = 0;
      for await (const { changes } of api.customers.history.all(customer.id, { per_page: 100 }, { signal })) {
        const change = changes.find(({ field }) => field === 'status');
        if (change) return change.to === 'deleted';
        if (++seen >= maxEntries) break;
      }
      return false;
    },
    enabled: mayBeDeleted(customer),
  });

const mayBeDeleted = ({ is_active, status }: Customer) => !is_active && status !== 'active';

/** Only active customers that are not deleted have `is_active`. @param found what the query found */
export const isDeleted = (customer: Customer, found: boolean | undefined): boolean =>
  mayBeDeleted(customer) ? found === true : !customer.is_active;

/** Reads the customer and every list of customers again. */
const refreshAll = () => queryClient.invalidateQueries({ queryKey: ['customers'] });

export async function deleteCustomer({ id }: Customer): Promise<void> {
  await api.customers.delete(id);
  await refreshAll();
}

/** Takes a deletion back; the status becomes what it was. */
export async function restoreCustomer({ id, status }: Customer): Promise<void> {
  const { customer } = await api.customers.activate(id);
  queryClient.setQueryData(customerQuery(id).queryKey, customer as Customer);
  if (status !== 'active') await api.customers.setStatus(id, { status: status as Status });
  await refreshAll();
}
