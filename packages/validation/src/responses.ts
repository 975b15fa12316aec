import { nameSchemas } from './schema-names.ts';
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

/** The response of cursor pagination: `{ customers: […], per_page, next_cursor }`. */
export const cursorPageSchema = <Name extends string, Item extends z.ZodType>(name: Name, item: Item) =>
  z.strictObject({
    ...({ [name]: z.array(item) } as Record<Name, z.ZodArray<Item>>),
    per_page: z.int(),
    next_cursor: z.string().nullable(),
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

nameSchemas({ Message });
