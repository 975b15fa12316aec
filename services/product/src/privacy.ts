import type { DataInventory } from '@clientela/privacy';

/** Products are about nobody. It is asked all the same, so that a receipt names it, and for the answers that it keeps. */
export const privacy: DataInventory = { service: 'product', tables: [] };
