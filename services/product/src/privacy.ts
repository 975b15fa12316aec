import type { DataInventory } from '@clientela/privacy';

/** Products hold no personal data. The service has an inventory so that receipts list it and its stored responses are redacted. */
export const privacy: DataInventory = { service: 'product', tables: [] };
