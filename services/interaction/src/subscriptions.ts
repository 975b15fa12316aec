import { customerDeleted } from '@clientela/contracts';
import { on } from '@clientela/events';
import { removeCustomer } from './customers/store.ts';
import { deleteInteractionsOf } from './interactions/store.ts';
import { releaseTransactionsOf } from './transactions/store.ts';

export const subscriptions = [
  on(customerDeleted, async (tx, { company_id, data }) => {
    if (!data.hard || company_id === null) return;
    await removeCustomer(tx, company_id, data.customer_id);
    await deleteInteractionsOf(tx, company_id, data.customer_id);
    await releaseTransactionsOf(tx, company_id, data.customer_id);
  }),
];
