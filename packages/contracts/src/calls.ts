import { z } from 'zod';

// What services answer each other on their internal routes.

/** GET auth /internal/companies/{id or COMP key} */
export const InternalCompany = z.object({
  id: z.uuid(),
  company_id: z.string(),
  status: z.enum(['active', 'inactive', 'suspended']),
  country: z.string(),
  currency: z.string(),
});
export type InternalCompany = z.infer<typeof InternalCompany>;

/** GET customer /internal/customers/{id or number}: deleted ones too, as they take no new records (409), unlike unknown ones (404). */
export const InternalCustomer = z.object({ id: z.uuid(), number: z.int(), deleted: z.boolean() });
export type InternalCustomer = z.infer<typeof InternalCustomer>;

/** GET product /internal/products/{id or number} */
export const InternalProduct = z.object({ id: z.uuid(), number: z.int(), is_active: z.boolean() });
export type InternalProduct = z.infer<typeof InternalProduct>;
