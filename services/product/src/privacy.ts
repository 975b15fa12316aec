import type { DataInventory } from '@clientela/privacy';

/** Products hold no personal data. The service takes part so that receipts name it and its stored responses are redacted. */
export const privacy: DataInventory = { service: 'product', tables: [] };
