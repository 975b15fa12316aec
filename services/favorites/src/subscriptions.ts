import { customerDeleted } from '@clientela/contracts';
import { on } from '@clientela/events';
import { removeCustomer } from './customers/store.ts';
import { deleteFavoritesOf } from './favorites/store.ts';

export const subscriptions = [
  on(customerDeleted, async (tx, { company_id, data }) => {
    if (!data.hard || company_id === null) return;
    await removeCustomer(tx, company_id, data.customer_id);
    await deleteFavoritesOf(tx, company_id, data.customer_id);
  }),
];
