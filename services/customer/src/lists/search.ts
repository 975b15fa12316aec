import { EXACT_COUNT_LIMIT, type Db, type Query, type Scope } from '@clientela/db';
import type { Customer } from '../customers/schema.ts';
import { applyOrder, buildListQuery, type Condition, type SortKey } from './list-query.ts';
import type { CustomerFilter, Listing } from './schema.ts';
import { isFuzzyMatch, matchesTerm, mayMatchFuzzily, parseSearchTerm, type SearchTerm } from './search-term.ts';
import {
  countAndSort,
  estimateTotal,
  loadCustomers,
  readPage,
  type List,
  type Page,
  type Slice,
  type Total,
} from './store.ts';

type CustomerKey = { company_id: string; id: string };

const FUZZY_LIMIT = 1_000; // exact matches up to which typos are searched for, and candidates that are compared
const RANKED_LIMIT = 1_000; // rows that are ranked when not all are, of each kind and together

/** A page of a list, narrowed by its search if it has one. */
export async function listCustomers(db: Db, scope: Scope, listing: Listing, slice: Slice): Promise<Page> {
  if (listing.search === undefined) return readPage(db, { scope, listing }, slice);
  const term = parseSearchTerm(listing.search);
  const exact = exactMatches(db, scope, listing, term);
  const query = buildListQuery(db, scope, listing, exact);
  const page = await countAndSort(db, query, slice);
  const list = await addFuzzyMatches(db, exact, term, page.total);
  if (list !== exact) return readPage(db, list, slice);
  return page.total <= EXACT_COUNT_LIMIT ? page : readPage(db, list, slice, await estimateTotal(db, query));
}

/** A page of what a search finds, best first: all are ranked up to 10,000; of more, a thousand, and the others follow newest first. */
export async function searchCustomers(
  db: Db,
  scope: Scope,
  filter: CustomerFilter & { search: string },
  slice: Slice,
): Promise<Page> {
  const listing: Listing = { ...filter, sort: [{ column: 'created_at', descending: true }] };
  const term = parseSearchTerm(filter.search);
  const exact = exactMatches(db, scope, listing, term);
  const ranked = (list: List) => ({ ...buildListQuery(db, scope, listing, list), sortKeys: rankKeys(db, term) });
  const page = await countAndSort(db, ranked(exact), slice);
  const list = await addFuzzyMatches(db, exact, term, page.total);
  if (list !== exact) return countAndSort(db, ranked(list), slice);
  if (page.total <= EXACT_COUNT_LIMIT) return page;
  const total = await estimateTotal(db, ranked(exact));
  return { ...total, rows: await readBestOfMany(db, exact, term, total, slice) };
}

const exactMatches = (db: Db, scope: Scope, listing: Listing, { alternatives }: SearchTerm): List => ({
  scope,
  listing,
  matches: where(matchesTerm(db, alternatives)),
});

/** Adds the customers who match with one typo, when those who match exactly are few. */
async function addFuzzyMatches(db: Db, exact: List, term: SearchTerm, total: number): Promise<List> {
  if (term.fuzzyTerms.length === 0 || total > FUZZY_LIMIT) return exact;
  const fuzzy = await findFuzzyMatches(db, exact, term);
  if (fuzzy.length === 0) return exact;
  const keys = total === 0 ? [] : await keysOf(db, exact);
  return { ...exact, matches: where(isOneOf(db, [...keys, ...fuzzy])) };
}

const where =
  (condition: ReturnType<Db['raw']>): Condition =>
  (rows) =>
    void rows.whereRaw(condition);

const unsorted = (db: Db, { scope, listing, matches }: List): Query =>
  buildListQuery(db, scope, listing, { matches }).filterQuery;

const keysOf = async (db: Db, list: List): Promise<CustomerKey[]> =>
  (await unsorted(db, list).select(['c.company_id', 'c.id']).limit(FUZZY_LIMIT)) as CustomerKey[];

async function findFuzzyMatches(db: Db, exact: List, { alternatives, fuzzyTerms }: SearchTerm): Promise<CustomerKey[]> {
  const matches = where(db.raw('? and not ?', [mayMatchFuzzily(db, fuzzyTerms), matchesTerm(db, alternatives)]));
  const candidates = (await unsorted(db, { ...exact, matches })
    .select(['c.company_id', 'c.id', 'c.search_text'])
    .limit(FUZZY_LIMIT)) as (CustomerKey & { search_text: string })[];
  return candidates.filter(({ search_text }) => isFuzzyMatch(search_text, fuzzyTerms));
}

const keyArrays = (keys: readonly CustomerKey[]) => [
  keys.map(({ company_id }) => company_id),
  keys.map(({ id }) => id),
];

const isOneOf = (db: Db, keys: readonly CustomerKey[]) =>
  db.raw('(c.company_id, c.id) in (select * from unnest(?::uuid[], ?::uuid[]))', keyArrays(keys));

/** The order of a search: how well a text matches, then the shortest name, which is the nearest to the term. */
const rankKeys = (db: Db, term: SearchTerm): SortKey[] =>
  [rankOf(db, term), { sql: 'length(c.full_name)' }, { sql: 'c.full_name' }, { sql: 'c.id' }].map((key) =>
    Object.assign(key, { descending: false, nullable: true, table: 'c' as const }),
  );

/** 0: a value is the term; 1: begins with it; 2: has all its words; 3: has words that begin so; 4: contains its pieces; 5: has a typo. */
function rankOf(db: Db, { alternatives, text }: SearchTerm): Pick<SortKey, 'sql' | 'values'> {
  const values = new Set([text, ...alternatives.filter(({ length }) => length === 1).map(([one = '']) => one.trim())]);
  const words = text.split(' ');
  const contains = (texts: readonly string[], operator: 'or' | 'and') =>
    db.raw(`(${texts.map(() => 'strpos(c.search_text, ?) > 0').join(` ${operator} `)})`, [...texts]);
  const { sql, bindings } = db
    .raw('case when ? then 0 when ? then 1 when ? then 2 when ? then 3 when ? then 4 else 5 end', [
      contains([...values].map((value) => `\n ${value} \n`), 'or'), // prettier-ignore
      contains([...values].map((value) => `\n ${value}`), 'or'), // prettier-ignore
      contains(words.map((word) => ` ${word} `), 'and'), // prettier-ignore
      contains(words.map((word) => ` ${word}`), 'and'), // prettier-ignore
      matchesTerm(db, alternatives),
    ])
    .toSQL();
  return { sql, values: bindings as string[] };
}

/** Ranks the newest matches and those of whom a value begins with the term; all others follow, newest first. */
async function readBestOfMany(
  db: Db,
  list: List,
  term: SearchTerm,
  total: Total,
  { limit, offset }: Slice,
): Promise<Customer[]> {
  const newest = buildListQuery(db, list.scope, list.listing, list);
  const parts = [applyOrder(newest.baseQuery, newest.sortKeys), ...matchesByPrefix(db, list, term)].map((rows) =>
    db
      .select('*')
      .from(rows.select(['c.company_id', 'c.id', 'c.search_text', 'c.full_name']).limit(RANKED_LIMIT).as('part')),
  );
  const pool = db
    .from(db.raw(`(${parts.map(() => '?').join(' union ')}) as c`, parts))
    .select(['c.company_id', 'c.id']);
  const ranked = (await applyOrder(pool, rankKeys(db, term)).limit(RANKED_LIMIT)) as CustomerKey[];
  const keys = ranked.slice(offset, offset + limit);
  const rows = await loadByKeys(db, keys);
  if (keys.length === limit) return rows;
  const others: Condition = (query) => {
    list.matches?.(query);
    void query.whereRaw('not ?', [isOneOf(db, ranked)]);
  };
  const rest = { limit: limit - keys.length, offset: Math.max(0, offset - ranked.length) };
  return [...rows, ...(await readPage(db, { ...list, matches: others }, rest, total)).rows];
}

function loadByKeys(db: Db, keys: readonly CustomerKey[]): Promise<Customer[]> {
  const ordered = db
    .select('*')
    .from(db.raw('unnest(?::uuid[], ?::uuid[]) with ordinality as k(found_company, found_id, k0)', keyArrays(keys)));
  return loadCustomers(db, ordered, {
    sortKeys: [{ sql: 'k0', descending: false, nullable: false, table: 'c' }],
  });
}

const lastCharacter = '\u{10ffff}';

/** Matches of whom the first value (the name), the e-mail, the phone or the document number begins with the term: each has an index. */
function matchesByPrefix(db: Db, list: List, { text, alternatives }: SearchTerm): Query[] {
  const digits = alternatives
    .flat()
    .map((piece) => piece.trim())
    .find((piece) => /^\d+$/.test(piece));
  const name = `\n ${text}`.slice(0, 60);
  const prefixes: [string, string][] = [
    ['left(c.search_text, 60)', name],
    ['lower(c.email)', text],
    ...(digits
      ? [["ltrim(c.phone, '+')", digits] as [string, string], ['c.document_number', digits] as [string, string]]
      : []),
  ];
  return prefixes.map(([column, prefix]) =>
    unsorted(db, list)
      .whereNull('c.deleted_at')
      .whereRaw(`${column} >= ? and ${column} < ?`, [prefix, prefix + lastCharacter]),
  );
}
