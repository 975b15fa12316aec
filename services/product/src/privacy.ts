import type { DataInventory } from '@clientela/privacy';

/** Products are not personal. The service takes part in erasures all the same, for the receipt and for stored responses. */
export const privacy: DataInventory = { service: 'product', tables: [] };
