import type { Privacy } from '@clientela/privacy';

/** Products are about nobody. It is asked all the same, so that a receipt names it, and for the answers that it keeps. */
export const privacy: Privacy = { service: 'product', tables: [] };
