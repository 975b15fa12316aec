import { expect, test } from 'vitest';
import { validateInventory, type Column, type TablePolicy, type DataInventory } from './index.ts';

const column = (name: string, said: Column['class'] = 'technical', more: Partial<Column> = {}): Column => ({
  name,
  class: said,
  type: 'text',
  nullable: true,
  generated: false,
  place: null,
  ...more,
});
const customers = { company_id: 'company_id', customer_id: 'customer_id' } as const;
const listed = { table: 'favorites', person: customers, section: 'favorites', erasure: 'delete' } as const;

/** A list that is right, but for what a test puts in its place. */
const faults = ({
  tables = [listed],
  columns = [],
  others = {},
  ...said
}: Partial<DataInventory> & { columns?: Column[]; others?: Record<string, Column[]> }) => {
  const key = column('company_id', 'technical', { place: 0 });
  const favorites = [key, column('customer_id'), column('note', 'personal'), ...columns];
  return validateInventory(
    { service: 'favorites', tables, ...said },
    new Map(Object.entries({ favorites, ...others })),
  );
};
const instead = (more: object): TablePolicy[] => [{ ...listed, ...more }];

test('a list that reaches every personal column has no fault', () => {
  expect(faults({})).toEqual([]);
  const others = { prices: [column('amount', 'business')], idempotency_keys: [column('response', 'personal')] };
  expect(faults({ others })).toEqual([]);
  expect(faults({ others: { keys: [column('secret', 'sensitive')] }, nobody: { keys: 'of nobody' } })).toEqual([]);
});

const keep = (...columns: string[]) => ({ erasure: { keep: 'why', columns } });
const wrong: [string, Parameters<typeof faults>[0], string][] = [
  ['a table nobody thought of', { others: { notes: [column('text', 'sensitive')] } }, 'notes is not reached: text'],
  [
    'a table that only names a person',
    { others: { likes: [column('customer_id')] } },
    'likes is not reached: customer_id',
  ],
  ['a table left out', { tables: [listed], others: { visits: [column('user_id')] } }, 'visits is not reached: user_id'],
  [
    'a column kept without a word',
    { tables: instead(keep('customer_id')) },
    'favorites is erased without note, and no reason is given',
  ],
  ['a table that is not there', { tables: [listed, { ...listed, table: 'gone' }] }, 'there is no table gone'],
  [
    'a column that is not there',
    { tables: instead({ withheld: { gone: 'why' } }) },
    'there is no column favorites.gone',
  ],
  [
    'rows of every company',
    { tables: instead({ person: { customer_id: 'customer_id' } }) },
    'favorites is reached without the company',
  ],
  [
    'a section that nobody asks for',
    {
      tables: [
        listed,
        ...instead({ section: 'likes', ...keep('note'), person: { company_id: 'company_id', note: 'user_id' } }),
      ],
    },
    'likes is not a section of favorites',
  ],
  [
    'a section without a table',
    { tables: [{ table: 'favorites', person: customers, not_exported: 'why', erasure: 'delete' }] },
    'nothing is exported as favorites',
  ],
  ['the same rows twice', { tables: [listed, listed] }, 'favorites by company_id, customer_id is listed twice'],
  [
    'what cannot be blanked',
    {
      tables: instead({ erasure: { anonymise: 'why' } }),
      columns: [column('born', 'personal', { type: 'date', nullable: false })],
    },
    'favorites: born cannot be blanked: it is date and not null',
  ],
  [
    'bytes in an export',
    { columns: [column('seal', 'sensitive', { type: 'bytea' })] },
    'favorites cannot be exported with seal',
  ],
  ['a person said to be nobody', { nobody: { favorites: 'why' } }, 'favorites is wrongly said to be about nobody'],
  [
    'a reason for nothing',
    { nobody: { prices: 'why' }, others: { prices: [column('amount', 'business')] } },
    'prices is wrongly said to be about nobody',
  ],
];
test.each(wrong)('%s is a fault', (_what, said, fault) => {
  expect(faults(said)).toEqual([fault]);
});
