import { whereCompany, type Db, type Query, type Scope } from '@clientela/db';
import type { Customer } from '../customers/schema.ts';
import { collected, pool, select, type Slice } from './collecting.ts';
import type { Samples } from './sample.ts';
import type { CustomerFilter, Listing } from './schema.ts';
import { hitColumns, hitsByKey, hitsOf, searchOf, type CustomerKey, type Search } from './search.ts';
import { inOrder, keyed, ofRecord, sourceOf, type Condition, type Key, type Source } from './source.ts';
import { details, walked } from './store.ts';
import type { Term } from './terms.ts';
import { countKept, estimated, exactUpTo, expectedRows, type Total } from './totals.ts';

const newestFirst = [{ column: 'created_at', descending: true }] as const;

/** Whom a search finds, the best first: all of them ranked, or of very many the best thousand, and then the newest first. */
export async function searchCustomers(
  db: Db,
  samples: Samples,
  scope: Scope,
  filter: CustomerFilter & { search: string },
  slice: Slice,
): Promise<{ rows: Customer[] } & Total> {
  const listing: Listing = { ...filter, sort: newestFirst };
  const search = await searchOf(db, samples, scope, listing);
  const { term, found } = search;
  const best = (parts: readonly Query[]) => bestFirst(db, scope, listing, term, parts);
  let some: readonly CustomerKey[] | undefined;
  if (search.many === undefined) {
    const hits = withText(db, search.hits ?? hitsOf(db, scope, listing, found));
    const { found: few, some: exact } = await collected(db, best([hits]), slice, { remember: true });
    const mistyped = await search.mistyped(few.total);
    if (mistyped.length > 0) {
      const exactly = withText(db, hitsByKey(db, scope, listing, exact));
      const nearly = withText(db, hitsByKey(db, scope, listing, mistyped), true);
      return (await collected(db, best([exactly, nearly]), slice)).found;
    }
    if (few.total <= exactUpTo) return few;
    if (search.hits) some = few.rows.map(({ business_id, id }) => ({ company_id: business_id, id }));
  }
  const all = sourceOf(db, scope, listing, { found });
  const many = search.many ?? search.expected ?? (await expectedRows(db, all.rows));
  const total = estimated(many, await countKept(db, scope, listing));
  return { rows: await bestOfMany(db, scope, listing, { ...search, some }, slice), ...total };
}

/** Found rows in the order of their rank; of one rank, the shortest name is nearest to what was typed. */
function bestFirst(db: Db, scope: Scope, listing: Listing, term: Term, parts: readonly Query[]): Source {
  const source = sourceOf(db, scope, listing, { hits: parts });
  const ascending = { descending: false, nullable: true };
  const keys = (from: string, id: string): Key[] => [
    { ...rankOf(db, term, from), ...ascending },
    { sql: `length(${from}.full_name)`, ...ascending },
    { sql: `${from}.full_name`, ...ascending },
    { sql: id, ...ascending },
  ];
  const columns = ['c.search_text', 'c.nearly', 'c.full_name'];
  return { ...source, keys: keys('c', 'c.id'), late: { columns, keys: keys('f', 'f.found_id') } };
}

/** Hits with what their rank is told by. */
const withText = (db: Db, hits: Query, nearly = false): Query =>
  hits.clone().select('c.search_text', db.raw('?::boolean as nearly', [nearly]));

/** How well a searched text fits: a value is what was typed, begins so, has all words whole, begins all words, holds all pieces, or nearly. */
function rankOf(db: Db, { any_of, text }: Term, from: string): Pick<Key, 'sql' | 'values'> {
  const values = [...new Set([text, ...any_of.filter((one) => one.length === 1).map(([one = '']) => one.trim())])];
  const words = text.split(' ');
  const holds = (texts: readonly string[], how: 'or' | 'and') =>
    db.raw(`(${texts.map(() => `strpos(${from}.search_text, ?) > 0`).join(` ${how} `)})`, [...texts]);
  const steps = [
    holds(
      values.map((value) => `\n ${value} \n`),
      'or',
    ),
    holds(
      values.map((value) => `\n ${value}`),
      'or',
    ),
    holds(
      words.map((word) => ` ${word} `),
      'and',
    ),
    holds(
      words.map((word) => ` ${word}`),
      'and',
    ),
  ];
  const { sql, bindings } = db
    .raw(`(case when ${from}.nearly then 5 when ? then 0 when ? then 1 when ? then 2 when ? then 3 else 4 end)`, steps)
    .toSQL();
  return { sql, values: bindings as string[] };
}

/** The best of those whose values begin with what was typed and of others, then all others, the newest first. */
async function bestOfMany(
  db: Db,
  scope: Scope,
  listing: Listing,
  search: Search & { some: readonly CustomerKey[] | undefined },
  slice: Slice,
): Promise<Customer[]> {
  const { term, found, some } = search;
  const first = (part: Query) => db.select('*').from(withText(db, part).limit(pool).as('part'));
  const newest = () => hitsOf(db, scope, listing, found).orderBy('c.created_at', 'desc');
  const hits = some ? withText(db, hitsByKey(db, scope, listing, some)) : first(newest());
  const parts = [hits, ...beginning(db, scope, listing, search).map(first)];
  const source = bestFirst(db, scope, listing, term, parts);
  const best = () => inOrder(select(db, source, source.rows.clone()), source.keys).limit(pool);
  if (slice.offset + slice.limit <= pool) {
    const page = inOrder(db.from(best().as('f')).select('f.*'), keyed(source.keys, 'f'));
    return details(db, page.limit(slice.limit).offset(slice.offset), source);
  }
  const ids = ((await best()) as { found_id: string }[]).map(({ found_id }) => found_id);
  const others: Condition = (rows) => void rows.whereRaw('c.id <> all(?::uuid[])', [ids]);
  const rest: Search = {
    ...search,
    found: (rows) => [found, others].forEach((condition) => condition(rows)),
    hits: search.hits?.clone().modify(others),
  };
  const onPage = ids.slice(slice.offset, slice.offset + slice.limit);
  const inPool = await details(
    db,
    inOrder(db.from(best().as('f')).select('f.*'), keyed(source.keys, 'f')).whereIn('f.found_id', onPage),
    source,
  );
  const left = { limit: slice.limit - inPool.length, offset: Math.max(0, slice.offset - ids.length) };
  return [...inPool, ...(left.limit > 0 ? await walked(db, scope, listing, left, rest) : [])];
}

const last = '\u{10ffff}';

/** Customers of whom a value begins with what was typed, by indexes in the order of these values. */
function beginning(db: Db, scope: Scope, listing: Listing, { term, found }: Search): Query[] {
  const digits = term.any_of
    .flat()
    .map((piece) => piece.trim())
    .find((piece) => /^\d+$/.test(piece));
  const ranges: [string, string][] = [
    ['left(c.search_text, 60)', `\n ${term.text}`.slice(0, 60)],
    ['lower(c.email)', term.text],
    ...(digits
      ? ([
          ["ltrim(c.phone, '+')", digits],
          ['c.document_number', digits],
        ] as [string, string][])
      : []),
  ];
  return ranges.map(([sql, from]) => {
    const rows = whereCompany(db('customers as c'), scope, 'c.company_id').select(hitColumns);
    ofRecord(rows, listing);
    found(rows);
    return rows.whereNull('c.deleted_at').whereRaw(`${sql} >= ? and ${sql} < ?`, [from, from + last]);
  });
}
