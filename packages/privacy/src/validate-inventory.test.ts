import { expect, test } from 'vitest';
import { validateInventory, type Column, type TablePolicy, type DataInventory } from './index.ts';

const column = (name: string, columnClass: Column['class'] = 'technical', overrides: Partial<Column> = {}): Column => ({
  name,
  class: columnClass,
  type: 'text',
  nullable: true,
  generated: false,
  keyPosition: null,
  ...overrides,
});
const ofCustomer = { company_id: 'company_id', customer_id: 'customer_id' } as const;
const favorites = { table: 'favorites', person: ofCustomer, section: 'favorites', erasure: 'delete' } as const;

/** Validates a correct inventory with the test's changes. */
const errorsOf = ({
  tables = [favorites],
  columns = [],
  otherTables = {},
  ...overrides
}: Partial<DataInventory> & { columns?: Column[]; otherTables?: Record<string, Column[]> }) => {
  const key = column('company_id', 'technical', { keyPosition: 0 });
  const favoritesColumns = [key, column('customer_id'), column('note', 'personal'), ...columns];
  return validateInventory(
    { service: 'favorites', tables, ...overrides },
    new Map(Object.entries({ favorites: favoritesColumns, ...otherTables })),
  );
};
const changedPolicy = (changes: object): TablePolicy[] => [{ ...favorites, ...changes }];

test('an inventory that reaches every personal column has no errors', () => {
  expect(errorsOf({})).toEqual([]);
  const otherTables = { prices: [column('amount', 'business')], idempotency_keys: [column('response', 'personal')] };
  expect(errorsOf({ otherTables })).toEqual([]);
  expect(
    errorsOf({
      otherTables: { keys: [column('secret', 'sensitive')] },
      notPersonal: { keys: 'keys of the installation' },
    }),
  ).toEqual([]);
});

const keep = (...columns: string[]) => ({ erasure: { keep: 'why', columns } });
const invalidInventories: [string, Parameters<typeof errorsOf>[0], string][] = [
  [
    'a table with a personal column and no policy',
    { otherTables: { notes: [column('text', 'sensitive')] } },
    'notes has no policy: text',
  ],
  [
    'a table that refers to a customer and has no policy',
    { otherTables: { likes: [column('customer_id')] } },
    'likes has no policy: customer_id',
  ],
  [
    'a table that refers to a user and has no policy',
    { tables: [favorites], otherTables: { visits: [column('user_id')] } },
    'visits has no policy: user_id',
  ],
  [
    'a personal column that is kept without a reason',
    { tables: changedPolicy(keep('customer_id')) },
    'favorites: no reason why these are not erased: note',
  ],
  [
    'a policy for an unknown table',
    { tables: [favorites, { ...favorites, table: 'unknown' }] },
    'table unknown does not exist',
  ],
  [
    'an unknown column',
    { tables: changedPolicy({ withheld: { unknown: 'why' } }) },
    'column favorites.unknown does not exist',
  ],
  [
    'a match without the company',
    { tables: changedPolicy({ person: { customer_id: 'customer_id' } }) },
    'favorites is matched without the company',
  ],
  [
    'an unknown section',
    {
      tables: [
        favorites,
        ...changedPolicy({ section: 'likes', ...keep('note'), person: { company_id: 'company_id', note: 'user_id' } }),
      ],
    },
    'likes is not a section of favorites',
  ],
  [
    'a section without a table',
    { tables: [{ table: 'favorites', person: ofCustomer, notExported: 'why', erasure: 'delete' }] },
    'no table is exported as favorites',
  ],
  [
    'two policies for the same rows',
    { tables: [favorites, favorites] },
    'favorites by company_id, customer_id is listed twice',
  ],
  [
    'a column that cannot be blanked',
    {
      tables: changedPolicy({ erasure: { anonymise: 'why' } }),
      columns: [column('born', 'personal', { type: 'date', nullable: false })],
    },
    'favorites: born cannot be blanked: it is date and not null',
  ],
  [
    'a binary column in an export',
    { columns: [column('seal', 'sensitive', { type: 'bytea' })] },
    'favorites: binary columns cannot be exported: seal',
  ],
  [
    'a table with a policy in notPersonal',
    { notPersonal: { favorites: 'why' } },
    'favorites is wrongly listed in notPersonal',
  ],
  [
    'a table without personal columns in notPersonal',
    { notPersonal: { prices: 'why' }, otherTables: { prices: [column('amount', 'business')] } },
    'prices is wrongly listed in notPersonal',
  ],
];
test.each(invalidInventories)('reports %s', (_title, changes, error) => {
  expect(errorsOf(changes)).toEqual([error]);
});
