import { whereCompany, type Db, type Query, type Scope } from '@clientela/db';
import type { Listing } from './schema.ts';
import { askedBy, holding, telling, trigramsIn } from './matching.ts';
import { holds, nearly, type Sample, type Samples } from './sample.ts';
import { isOfRecord, ofRecord, onOthers, type Condition } from './source.ts';
import { holdsMistyped, termOf, type Term } from './terms.ts';
import { countKept, share } from './totals.ts';

// A search is answered in one of two ways, and which one is decided before, by looking at a sample: what many customers match is met with
// everywhere, so the list is walked; what few match is taken from the index of trigrams, by those pieces of the term that are rare.
// Left to itself, PostgreSQL collects a million rows for `example.com`, or walks a million for what nobody has.

export type CustomerKey = { company_id: string; id: string };
export type Search = {
  term: Term;
  /** How many it finds, by the sample, when they are certainly more than are counted. */
  many?: number;
  /** How many it is expected to find. */
  expected?: number;
  /** Of a customer, `c`. */
  found: Condition;
  /** Those it finds, by the index; undefined when a walk finds them sooner. */
  hits: Query | undefined;
  /** Those who are found by one typo, when it is worth to look for them beside so many others. */
  mistyped: (exactly: number) => Promise<readonly CustomerKey[]>;
};

const worthSampling = 10_000; // customers; of fewer, any way is quick
const certainlyMany = 30_000;
const dense = 0.03; // of all: above this a walk is quicker than the index
const candidates = 1_000;

export async function searchOf(db: Db, samples: Samples, scope: Scope, listing: Listing): Promise<Search> {
  const term = termOf(listing.search ?? '');
  const found: Condition = (rows) => void rows.whereRaw(holding(db, term.any_of));
  const walk = { term, found, hits: undefined, mistyped: async () => [] };
  if (term.any_of.length === 0) return walk;
  const there = await countKept(db, scope, { active_only: false });
  const sample = there > worthSampling ? await samples(db, scope, there) : undefined;
  const met = sample?.filter(({ search_text }) => holds(search_text, term.any_of)) ?? [];
  const listed = met.filter(isOfRecord(listing));
  const expected = sample && !onOthers(listing) ? (there * listed.length) / sample.length : undefined;
  if (sample && met.length > dense * sample.length) {
    const many = expected !== undefined && expected > certainlyMany && new Set(met.map(({ place }) => place)).size > 10;
    if (many) return { ...walk, many: expected };
    // Hardly more than are counted, and hardly more than the list has: they are counted by the index as well.
    if (expected === undefined || listed.length < (dense / 2) * sample.length)
      return { ...walk, ...(expected !== undefined && { expected }) };
  }
  const most = sample && (await share(db, scope, there)) > mostOfAll;
  const way: Way = { sample, rows: () => (most ? ofMost(db, scope) : ofCustomers(db, scope)) };
  const trigrams = askedBy(term.any_of, sample);
  return {
    ...walk,
    ...(expected !== undefined && { expected }),
    hits: hitsOf(db, scope, listing, (rows) => void rows.whereRaw(holding(db, term.any_of, trigrams)), way.rows()),
    mistyped: async (exactly) => (exactly > candidates ? [] : idsMistyped(db, scope, listing, term, way)),
  };
}

/** How the index is asked. */
type Way = { sample: Sample | undefined; rows: () => Query };

const ofCustomers = (db: Db, scope: Scope) => whereCompany(db('customers as c'), scope, 'c.company_id');

const mostOfAll = 0.5;
/** Of a company that has most of all customers, whose list the index would read to the end for nothing: it does not know this function. */
const ofMost = (db: Db, scope: Scope): Query =>
  'all' in scope ? db('customers as c') : db('customers as c').whereRaw('uuid_eq(c.company_id, ?)', [scope.company_id]);

/** What is asked of a customer who was found: whom, and the order. */
export const hitColumns = ['company_id', 'id', 'created_at', 'full_name'].map((column) => `c.${column}`);

/** Collected by themselves, so that the order of the list does not tempt the planner; only as many as are asked for are read. */
export function hitsOf(db: Db, scope: Scope, listing: Listing, found: Condition, rows = ofCustomers(db, scope)): Query {
  ofRecord(rows, listing);
  found(rows);
  return rows.select(hitColumns);
}

/** Customers by their keys. */
export const hitsByKey = (db: Db, scope: Scope, listing: Listing, keys: readonly CustomerKey[]): Query =>
  hitsOf(
    db,
    scope,
    listing,
    (rows) =>
      void rows.whereRaw(
        `(c.company_id, c.id) in (select * from unnest(string_to_array(?, ',')::uuid[], string_to_array(?, ',')::uuid[]))`,
        [keys.map(({ company_id }) => company_id).join(','), keys.map(({ id }) => id).join(',')],
      ),
  );

/** Customers who are found by one typo, at most as many as candidates are looked at. */
async function idsMistyped(
  db: Db,
  scope: Scope,
  listing: Listing,
  { any_of, mistyped }: Term,
  { sample, rows: all }: Way,
): Promise<CustomerKey[]> {
  if (mistyped.length === 0) return [];
  // What a large part of all has nearly is met with among the newest.
  const newest = ofCustomers(db, scope)
    .orderBy('c.created_at', 'desc')
    .limit(5 * candidates);
  const keys = new Set(mistyped.flatMap((one) => one.keys));
  const rows = sample && nearly(sample, keys) > dense ? db.from(newest.as('c')) : all();
  ofRecord(rows, listing);
  void rows.where((any) => {
    for (const { keys, others } of mistyped) {
      void any.orWhere((both) => {
        for (const trigram of telling(trigramsIn(others), sample))
          void both.whereRaw('c.search_text like ?', [`%${trigram}%`]);
        void both.whereRaw('c.deletion_keys && ?::integer[]', [[...keys]]);
      });
    }
  });
  const found = (await db
    .withMaterialized('c', (rows as Query).select(['c.company_id', 'c.id', 'c.search_text']))
    .from('c')
    .whereRaw('not ?', [holding(db, any_of)])
    .limit(candidates)) as (CustomerKey & { search_text: string })[];
  return found
    .filter(({ search_text }) => holdsMistyped(search_text, mistyped))
    .map(({ company_id, id }) => ({ company_id, id }));
}
