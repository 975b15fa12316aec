import { z } from 'zod';

/** The response of page pagination: `{ customers: […], total, page, pages, per_page }`. */
export const pageSchema = <Name extends string, Item extends z.ZodType>(name: Name, item: Item) =>
  z.strictObject({
    ...({ [name]: z.array(item) } as Record<Name, z.ZodArray<Item>>),
    total: z.int(),
    total_is_estimate: z.literal(true).optional(),
    page: z.int(),
    pages: z.int(),
    per_page: z.int(),
  });

/** The response of offset pagination: `{ users: […], total, limit, offset }`. */
export const offsetPageSchema = <Name extends string, Item extends z.ZodType>(name: Name, item: Item) =>
  z.strictObject({
    ...({ [name]: z.array(item) } as Record<Name, z.ZodArray<Item>>),
    total: z.int(),
    total_is_estimate: z.literal(true).optional(),
    limit: z.int(),
    offset: z.int(),
  });

export const Message = z.strictObject({ message: z.string() });
