import { whereCompany, type Db, type Scope } from '@clientela/db';
import { createCache } from '../cache.ts';
import type { Sql } from './source.ts';
import type { Pieces } from './terms.ts';

/** Some of all customers, by whom a search is judged. */
export type Sample = readonly {
  place: number;
  search_text: string;
  status: string;
  type: string;
  external_id: string | null;
  created_at: string;
  deleted_at: string | null;
  /** By which a typo may find this one; of a part of them only. */
  deletion_keys: readonly number[] | null;
}[];

/** @param there how many customers there are */
export type Samples = (db: Db, scope: Scope, there: number) => Promise<Sample>;

const age = 60_000; // milliseconds
const companiesKept = 50; // each takes about a megabyte

/** Samples are remembered for a minute: taking one takes as long as many a search, and how common a word is does not change sooner. */
export function samples(now: () => number = Date.now): Samples {
  const remembered = createCache<Sample>({ ttlMs: age, maxEntries: companiesKept, now });
  return (db, scope, there) => remembered('all' in scope ? 'all' : scope.company_id, () => sampled(db, scope, there));
}

const places = 40;
const each = 50;
const nearlyIn = 20; // places: a share of 3 % shows in these as well

/** Looks at two thousand customers in places all over the company. */
const sampled = async (db: Db, scope: Scope, there: number): Promise<Sample> =>
  db
    .from('all' in scope ? anywhere(db, there) : placed(db, scope.company_id))
    .select(['c.place', 'c.search_text', 'c.status', 'c.type', 'c.external_id', 'c.created_at', 'c.deleted_at'])
    .select(db.raw('case when c.place % ? = 0 then c.deletion_keys end as deletion_keys', [places / nearlyIn]));

/** How large a part of the sample a typo may find, as far as keys tell. */
export function nearly(sample: Sample, keys: ReadonlySet<number>): number {
  const asked = sample.flatMap(({ deletion_keys }) => (deletion_keys ? [deletion_keys] : []));
  return asked.filter((own) => own.some((key) => keys.has(key))).length / Math.max(1, asked.length);
}

/** Whether a text holds all pieces of one of these. */
export const holds = (search_text: string, any_of: readonly Pieces[]): boolean =>
  any_of.some((pieces) => pieces.every((piece) => search_text.includes(piece)));

const anywhere = (db: Db, there: number): Sql =>
  db.raw('(select (ctid::text::point)[0]::integer as place, * from customers tablesample system (?)) as c', [
    Math.min(100, (100 * places * each) / there),
  ]);

/** Runs of neighbours by their numbers, from places by chance. */
const placed = (db: Db, company_id: string): Sql => {
  const numbers = whereCompany(db('customers'), { company_id }).select(
    db.raw('min(number) as first, max(number) as last'),
  );
  return db.raw(
    `(select place, found.* from (
        select place, (first + random() * (last - first))::bigint as number from generate_series(1, ${places}) as place, (?) as numbers
      ) as at cross join lateral (
        select * from customers where company_id = ? and number >= at.number order by number limit ${each}
      ) as found) as c`,
    [numbers, company_id],
  );
};
