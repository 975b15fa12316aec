import { cursorPageSchema, pageSchema, queryPerPage, queryInteger } from '@clientela/validation';
import { z } from 'zod';

export const queryCursor = z
  .string('must be given once')
  .max(1000)
  .optional()
  .meta({ description: 'next_cursor of the previous page; empty for the first page' });

/** Query parameters of a list by page or by cursor. A cursor excludes page and search. */
export const listQuery = (per_page?: number) => ({
  page: queryInteger(1, 1_000_000).optional().meta({ default: 1 }),
  per_page: queryPerPage(per_page),
  cursor: queryCursor.meta({
    description: 'next_cursor of the previous page, empty for the first page; cannot be combined with page or search',
  }),
});
export type ListQuery = { page?: number | undefined; per_page: number; cursor?: string | undefined };

/** The response of a list by page or by cursor. */
export const listResponse = <Name extends string, Item extends z.ZodType>(name: Name, item: Item) =>
  z.union([pageSchema(name, item), cursorPageSchema(name, item)]);
