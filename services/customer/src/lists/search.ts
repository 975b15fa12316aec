import {
  alphabetical,
  execute,
  EXACT_COUNT_LIMIT,
  plannerRowEstimate,
  type Db,
  type NamedStatement,
  type Query,
  type Scope,
} from '@clientela/db';
import type { Customer } from '../customers/schema.ts';
import { readFirstPage } from './first-page.ts';
import { applyOrder, buildListQuery, statusFilter, type ListQuery, type SortKey, type Sql } from './list-query.ts';
import { SORT_LIMIT } from './plans.ts';
import type { CustomerFilter, Listing } from './schema.ts';
import {
  isExactMatch,
  isFuzzyMatch,
  matchesTerm,
  matchesTermByKeys,
  mayMatchFuzzily,
  parseSearchTerm,
  punctuationKeys,
  type SearchTerm,
} from './search-term.ts';
import {
  countAndSort,
  estimateTotal,
  executors,
  keyArrays,
  loadCustomersByKeys,
  readPage,
  type CustomerKey,
  type Page,
  type Slice,
  type Total,
} from './store.ts';

/** A term, the customers whose number or external id it is, and whether the company has most of all customers. */
type Search = { term: SearchTerm; identified: readonly CustomerKey[]; isMostOfTable: boolean };

const FUZZY_LIMIT = 1_000; // exact matches up to which typos are searched for, and candidates that are compared
const IDENTIFIED_LIMIT = 20; // in all companies together; in one company a number or external id has few customers
const RANKED_LIMIT = 1_000; // rows that are ranked when not all are, of each kind and together

/** Reads a page of a list, narrowed by its search if it has one. */
export async function listCustomers(db: Db, scope: Scope, listing: Listing, slice: Slice): Promise<Page> {
  if (listing.search === undefined)
    return (await readFirstPage(db, scope, listing, slice)) ?? readPage(db, buildListQuery(db, scope, listing), slice);
  const search = await startSearch(db, scope, listing.search);
  const exact = await exactMatches(db, scope, listing, search);
  const page = await findMatches(db, exact, search, slice);
  return page ?? readPage(db, exact, slice, await estimateTotal(db, exact));
}

/** Builds the query of all rows of a list, narrowed by its search if it has one. */
export async function buildWholeList(db: Db, scope: Scope, listing: Listing): Promise<ListQuery> {
  if (listing.search === undefined) return buildListQuery(db, scope, listing);
  const search = await startSearch(db, scope, listing.search);
  const exact = await exactMatches(db, scope, listing, search);
  const found = (await exact.filterQuery
    .clone()
    .select(['c.company_id', 'c.id'])
    .limit(FUZZY_LIMIT + 1)) as CustomerKey[];
  const fuzzy = found.length <= FUZZY_LIMIT ? await findFuzzyMatches(db, exact, search, found.length) : [];
  return fuzzy.length === 0
    ? exact
    : buildListQuery(db, scope, listing, { matches: isOneOf(db, [...found, ...fuzzy]) });
}

/** Reads a page of what a search finds, best first. Of too many to sort, a thousand are ranked and the others follow, newest first. */
export async function searchCustomers(
  db: Db,
  scope: Scope,
  filter: CustomerFilter & { search: string },
  slice: Slice,
): Promise<Page> {
  const search = await startSearch(db, scope, filter.search);
  const listing: Listing = { ...filter, sort: [{ column: 'created_at', descending: true }] };
  const exact = await exactMatches(db, scope, listing, search);
  const keysOf = (from: string, id: string) => rankKeys(db, search, from, id);
  const rank = { columns: ['c.search_text', 'c.full_name'], keys: keysOf('f', 'f.found_id') };
  const page = await findMatches(db, exact, search, slice, rank);
  if (page) return page;
  const total = await estimateTotal(db, exact);
  const rows =
    total.total <= SORT_LIMIT
      ? await executors.sortAll(db, { ...exact, sortKeys: keysOf('c', 'c.id') }, slice, total)
      : await readBestOfMany(db, exact, search, slice, total);
  return { ...total, rows };
}

const identified = (company: string) => `select company_id, id from customers
  where ${company} (external_id = any($1::text[]) or number = $2::bigint) limit ${IDENTIFIED_LIMIT}`;
const identifiedInAll: NamedStatement = { name: 'identified_customers_in_all', text: identified('') };
/** Has one row without customer when none is identified. The planner keeps an estimate of how many customers there are. */
const identifiedInCompany: NamedStatement = {
  name: 'identified_customers',
  text: `select c.company_id, c.id, coalesce(is_most, false) as is_most from (
      select sum(customers) > (select reltuples from pg_class where oid = 'customers'::regclass) / 2 as is_most
        from customer_counts where company_id = $3
    ) as counted left join (${identified('company_id = $3 and')}) as c on true`,
};

const maxNumber = 2n ** 63n; // of a bigint

/** Finds the customers whose number or external id is the term, whatever its case, and whether the company has most of all customers. */
async function startSearch(db: Db, scope: Scope, search: string): Promise<Search> {
  const spellings = [...new Set([search, search.toUpperCase(), search.toLowerCase()])];
  const number = /^\d{1,19}$/.test(search) && BigInt(search) < maxNumber ? search : null;
  const rows = await ('all' in scope
    ? execute<CustomerKey & { is_most?: boolean }>(db, identifiedInAll, [spellings, number])
    : execute<CustomerKey & { is_most?: boolean }>(db, identifiedInCompany, [spellings, number, scope.company_id]));
  return {
    term: parseSearchTerm(search),
    identified: rows.filter(({ id }) => id !== null),
    isMostOfTable: rows[0]?.is_most ?? false,
  };
}

/**
 * Builds the query of customers that match a term without a typo. Trigrams ignore punctuation, so a rare `com.example` would read everybody
 * with both words; keys narrow that. A frequent term needs none, and PostgreSQL would multiply their frequencies.
 */
async function exactMatches(db: Db, scope: Scope, listing: Listing, search: Search): Promise<ListQuery> {
  const { term, identified, isMostOfTable } = search;
  const ids = identified.map(({ company_id, id }) => db.raw('(c.company_id = ? and c.id = ?)', [company_id, id]));
  const build = (matches: Sql) =>
    buildListQuery(db, scope, listing, {
      isMostOfTable,
      matches: ids.length > 0 ? db.raw(`(${['?', ...ids.map(() => '?')].join(' or ')})`, [matches, ...ids]) : matches,
    });
  const query = build(matchesTerm(db, term.alternatives));
  const hasKeys = term.alternatives.flat().some((piece) => punctuationKeys(piece).length > 0);
  if (!hasKeys || (await plannerRowEstimate(query.filterQuery)) > EXACT_COUNT_LIMIT) return query;
  return build(matchesTermByKeys(db, term.alternatives));
}

/** Finds the exact matches and, when those are few, customers who match with one typo. Undefined when there are too many to sort. */
async function findMatches(
  db: Db,
  exact: ListQuery,
  search: Search,
  slice: Slice,
  rank?: Parameters<typeof countAndSort>[3],
): Promise<Page | undefined> {
  const page = await countAndSort(db, exact, slice, rank);
  const fuzzy = page.total <= FUZZY_LIMIT ? await findFuzzyMatches(db, exact, search, page.total) : [];
  if (fuzzy.length === 0) return page.total <= EXACT_COUNT_LIMIT ? page : undefined;
  const keys =
    page.total > 0 ? await exact.filterQuery.clone().select(['c.company_id', 'c.id']).limit(FUZZY_LIMIT) : [];
  const matches = isOneOf(db, [...(keys as CustomerKey[]), ...fuzzy]);
  return countAndSort(db, buildListQuery(db, exact.scope, exact.listing, { matches }), slice, rank);
}

/**
 * Finds customers who match with one typo only. What matches exactly is a candidate too and left out here: PostgreSQL would compare the
 * term with its histogram once more to plan that condition.
 * @param exactMatches how many there are
 */
async function findFuzzyMatches(
  db: Db,
  { scope, listing }: ListQuery,
  { term: { fuzzyTerms, alternatives }, identified, isMostOfTable }: Search,
  exactMatches: number,
): Promise<CustomerKey[]> {
  if (fuzzyTerms.length === 0) return [];
  const candidates = (await buildListQuery(db, scope, listing, {
    matches: mayMatchFuzzily(db, fuzzyTerms),
    isMostOfTable,
  })
    .filterQuery.select(['c.company_id', 'c.id', 'c.search_text'])
    .limit(FUZZY_LIMIT + exactMatches)) as (CustomerKey & { search_text: string })[];
  const known = new Set(identified.map(({ id }) => id));
  return candidates.filter(
    ({ id, search_text }) =>
      !known.has(id) && !isExactMatch(search_text, alternatives) && isFuzzyMatch(search_text, fuzzyTerms),
  );
}

const isOneOf = (db: Db, keys: readonly CustomerKey[]): Sql =>
  db.raw('(c.company_id, c.id) in (select * from unnest(?::uuid[], ?::uuid[]))', keyArrays(keys));

/** The order of a search: how well a text matches, then the shortest name, which is the nearest to the term. */
const rankKeys = (db: Db, search: Search, from: string, id: string): SortKey[] => {
  const name = `${from}.full_name`;
  return [
    rankOf(db, search, `${from}.search_text`, id),
    { sql: `length(${name})` },
    { sql: alphabetical(name) },
    { sql: id },
  ].map((key) => Object.assign(key, { descending: false, nullable: true, table: 'c' as const, isFound: true }));
};

/** 0: a value is the term; 1: begins with it; 2: has all its words; 3: has words that begin so; 4: contains its pieces; 5: has a typo. */
function rankOf(db: Db, { term, identified }: Search, column: string, id: string): Pick<SortKey, 'sql' | 'values'> {
  const { alternatives, text } = term;
  const values = new Set([text, ...alternatives.filter(({ length }) => length === 1).map(([one = '']) => one.trim())]);
  const words = text.split(' ');
  const contains = (texts: readonly string[], operator: 'or' | 'and') =>
    db.raw(`(${texts.map(() => `strpos(${column}, ?) > 0`).join(` ${operator} `)})`, [...texts]);
  const { sql, bindings } = db
    .raw(
      `case when ${identified.map(() => `${id} = ? or `).join('')}? then 0 when ? then 1 when ? then 2 when ? then 3 when ? then 4 else 5 end`,
      [
        ...identified.map((customer) => customer.id),
        contains(
          [...values].map((value) => `\n ${value} \n`),
          'or',
        ),
        contains(
          [...values].map((value) => `\n ${value}`),
          'or',
        ),
        contains(
          words.map((word) => ` ${word} `),
          'and',
        ),
        contains(
          words.map((word) => ` ${word}`),
          'and',
        ),
        db.raw(
          `(${['false', ...alternatives.map(() => '?')].join(' or ')})`,
          alternatives.map((pieces) => contains(pieces, 'and')),
        ),
      ],
    )
    .toSQL();
  return { sql, values: bindings as string[] };
}

/** Ranks the newest matches and those of whom a value begins with the term; all others follow, newest first. */
async function readBestOfMany(
  db: Db,
  query: ListQuery,
  search: Search,
  { limit, offset }: Slice,
  total: Total,
): Promise<Customer[]> {
  const { term, identified } = search;
  const newest = applyOrder(query.baseQuery.clone(), query.sortKeys);
  const byIdentifier = buildListQuery(db, query.scope, query.listing, { matches: isOneOf(db, identified) }).filterQuery;
  const parts = [newest, byIdentifier, ...matchesByPrefix(db, query, term)].map((rows) =>
    db
      .select('*')
      .from(rows.select(['c.company_id', 'c.id', 'c.search_text', 'c.full_name']).limit(RANKED_LIMIT).as('part')),
  );
  const pool = db
    .from(db.raw(`(${parts.map(() => '?').join(' union ')}) as c`, parts))
    .select(['c.company_id', 'c.id']);
  const ranked = (await applyOrder(pool, rankKeys(db, search, 'c', 'c.id')).limit(RANKED_LIMIT)) as CustomerKey[];
  const keys = ranked.slice(offset, offset + limit);
  const rows = await loadCustomersByKeys(db, keys, statusFilter(query.listing));
  if (keys.length === limit) return rows;
  const matches = db.raw('? and not ?', [query.matches ?? 'true', isOneOf(db, ranked)]);
  const others = buildListQuery(db, query.scope, query.listing, { matches });
  const slice = { limit: limit - keys.length, offset: Math.max(0, offset - ranked.length) };
  return [...rows, ...(await readPage(db, others, slice, total)).rows];
}

const lastCharacter = '\u{10ffff}';

/** Customers of whom the first value (the name), the e-mail, the phone or the document number begins with the term: each has an index. */
function matchesByPrefix(db: Db, { scope, listing }: ListQuery, { text, alternatives }: SearchTerm): Query[] {
  const digits = alternatives
    .flat()
    .find((piece) => /^ ?\d+$/.test(piece))
    ?.trim();
  const prefixes = [
    ['left(c.search_text, 60)', `\n ${text}`.slice(0, 60)],
    ['c.email_key', text],
    ...(digits ? [['c.phone_key', digits] as const, ['c.document_key', digits] as const] : []),
  ];
  return prefixes.map(([column, prefix = '']) => {
    const matches = db.raw(`c.deleted_at is null and ${column} >= ? and ${column} < ?`, [
      prefix,
      prefix + lastCharacter,
    ]);
    return buildListQuery(db, scope, listing, { matches }).filterQuery;
  });
}
