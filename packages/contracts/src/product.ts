import { z } from 'zod';
import { defineEvent, fieldsChanged as fields_changed } from './event-contract.ts';

// Events and internal calls of the product service.

const product = { product_id: z.uuid(), number: z.int() };
export const productCreated = defineEvent('product.created', 'product_id', ['auth'], z.object(product));
export const productUpdated = defineEvent(
  'product.updated',
  'product_id',
  ['auth'],
  z.object({ ...product, fields_changed }),
);
export const productDeleted = defineEvent(
  'product.deleted',
  'product_id',
  ['auth'],
  z.object({ ...product, hard: z.boolean() }),
);

/** Response of GET /internal/products/{id or number}. */
export const InternalProduct = z.object({ id: z.uuid(), number: z.int(), is_active: z.boolean() });
export type InternalProduct = z.infer<typeof InternalProduct>;
