import { within, type Db, type Query, type Scope } from '@clientela/db';
import type { Listing } from './schema.ts';
import { holding, rarest } from './matching.ts';
import { sampled, type Sample } from './sample.ts';
import { ofRecord, onOthers, type Condition } from './source.ts';
import { holdsMistyped, termOf, type Term } from './terms.ts';
import { countKept } from './totals.ts';

// A search is answered in one of two ways, and which one is decided before, by looking at a sample: what many customers match is met with
// everywhere, so the list is walked; what few match is taken from the index of trigrams, by those pieces of the term that are rare.
// Left to itself, PostgreSQL collects a million rows for `example.com`, or walks a million for what nobody has.

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
  /** The ids of those who are found by one typo, when it is worth to look for them beside so many others. */
  mistyped: (exactly: number) => Promise<readonly string[]>;
};

const worthSampling = 10_000; // customers; of fewer, any way is quick
const certainlyMany = 30_000;
const dense = 0.03; // of all: above this a walk is quicker than the index
const candidates = 1_000;

export async function searchOf(db: Db, scope: Scope, listing: Listing): Promise<Search> {
  const term = termOf(listing.search ?? '');
  const found: Condition = (rows) => void rows.whereRaw(holding(db, term.any_of));
  const walk = { term, found, hits: undefined, mistyped: async () => [] };
  if (term.any_of.length === 0) return walk;
  const there = await countKept(db, scope, { active_only: false });
  const sample = there > worthSampling ? await sampled(db, scope, listing, term, there) : undefined;
  const expected = sample && !onOthers(listing) ? sample.listed * there : undefined;
  if (sample && sample.share > dense) {
    const many = expected !== undefined && expected > certainlyMany && sample.places > 10;
    return { ...walk, ...(expected !== undefined && (many ? { many: expected } : { expected })) };
  }
  const rare = term.any_of.map((pieces) => rarest(pieces, sample));
  return {
    ...walk,
    ...(expected !== undefined && { expected }),
    hits: hitsOf(db, scope, listing, (rows) => void rows.whereRaw(holding(db, term.any_of, rare))),
    mistyped: async (exactly) => (exactly > candidates ? [] : idsMistyped(db, scope, listing, term, sample)),
  };
}

const ofCustomers = (db: Db, scope: Scope) => within(db('customers as c'), scope, 'c.company_id');

/** What is asked of a customer who was found. */
export const hitColumns = [
  'company_id',
  'id',
  'created_at',
  'full_name',
  'status',
  'type',
  'external_id',
  'deleted_at',
].map((column) => `c.${column}`);

/** Collected by themselves, so that the order of the list does not tempt the planner; only as many as are asked for are read. */
export function hitsOf(db: Db, scope: Scope, listing: Listing, found: Condition): Query {
  const rows = ofCustomers(db, scope);
  ofRecord(rows, listing);
  found(rows);
  return rows.select(hitColumns);
}

/** Customers by their ids. */
export const hitsById = (db: Db, scope: Scope, listing: Listing, ids: readonly string[]): Query =>
  hitsOf(db, scope, listing, (rows) => void rows.whereIn('c.id', ids));

/** Customers who are found by one typo, at most as many as candidates are looked at. */
async function idsMistyped(
  db: Db,
  scope: Scope,
  listing: Listing,
  { any_of, mistyped }: Term,
  sample: Sample | undefined,
): Promise<string[]> {
  if (mistyped.length === 0) return [];
  // What a large part of all has nearly is met with among the newest.
  const newest = ofCustomers(db, scope)
    .orderBy('c.created_at', 'desc')
    .limit(5 * candidates);
  const rows = sample && sample.nearly > dense ? db.from(newest.as('c')) : ofCustomers(db, scope);
  ofRecord(rows, listing);
  void rows.where((any) => {
    for (const { keys, others } of mistyped) {
      void any.orWhere((all) => {
        void all.whereRaw('c.typo_keys && ?::integer[]', [[...keys]]);
        for (const pattern of rarest(others, sample)) void all.whereLike('c.searched', pattern);
      });
    }
  });
  const found = (await db
    .withMaterialized('c', (rows as Query).select(['c.id', 'c.searched']))
    .from('c')
    .whereRaw('not ?', [holding(db, any_of)])
    .limit(candidates)) as { id: string; searched: string }[];
  return found.filter(({ searched }) => holdsMistyped(searched, mistyped)).map(({ id }) => id);
}
