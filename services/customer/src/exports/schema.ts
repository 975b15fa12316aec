import { z } from 'zod';
import { CustomerFilter, sort, search } from '../lists/schema.ts';
import { columnNames, columns, selectColumns } from './columns.ts';

const maxNames = 100; // more than there are columns

const names = z
  .union([z.string(), z.array(z.string())], 'must be a list of names')
  .transform((value) => [value].flat().flatMap((list) => list.split(',')))
  .refine((list) => list.length <= maxNames && list.every((name) => columnNames.includes(name)), {
    error: `must be a list of ${columnNames.join(', ')}`,
    abort: true,
  });

/** The query of an export: filters, sort and search of the list, and the columns. */
export const ExportQuery = CustomerFilter.extend({
  sort,
  search,
  columns: names
    .transform(selectColumns)
    .default(columns)
    .meta({
      type: 'string',
      examples: ['email,full_name,address.city'],
      description:
        'Names separated by commas, or given several times; `address` stands for all of its parts. Default: all columns',
    }),
});
