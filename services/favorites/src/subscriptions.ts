import { customerDeleted } from '@clientela/contracts';
import { subscribe } from '@clientela/events';
import { eraseRows } from '@clientela/privacy';
import { markCustomerDeleted } from './customers/store.ts';
import { privacy } from './privacy.ts';

export const subscriptions = [
  subscribe(customerDeleted, async (tx, { company_id, data: { hard, customer_id, number } }) => {
    if (!hard || company_id === null) return;
    await markCustomerDeleted(tx, company_id, customer_id);
    await eraseRows(tx, privacy, { company_id, customer_id, customer_number: number, user_id: null });
  }),
];
