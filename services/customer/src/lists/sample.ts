import { within, type Db, type Scope } from '@clientela/db';
import type { Listing } from './schema.ts';
import { ofRecord, type Sql } from './source.ts';
import type { Pieces, Term } from './terms.ts';

/** Some of all customers, by whom a search is judged. */
export type Sample = readonly {
  place: number;
  searched: string;
  /** Whether the list would have this one by what the record tells. */
  listed: boolean;
  /** Whether a typo may find this one, as far as keys tell; of a part of them only. */
  nearly: boolean | null;
}[];

const places = 40;
const each = 50;
const nearlyIn = 20; // places: keys take the time of all else together, and a share of 3 % shows in these as well

/** Looks at two thousand customers in places all over the company. */
export async function sampled(db: Db, scope: Scope, listing: Listing, term: Term, there: number): Promise<Sample> {
  const listed = db.from(db.raw('(values (1)) as one')).select(db.raw('1'));
  ofRecord(listed, listing);
  const keys = [...new Set(term.mistyped.flatMap((one) => one.keys))];
  const nearly = db.raw('case when c.place % ? = 0 then c.typo_keys && ?::integer[] end', [places / nearlyIn, keys]);
  return db
    .from('all' in scope ? anywhere(db, there) : placed(db, scope.company_id))
    .select('c.place', 'c.searched', db.raw('exists (?) as listed', [listed]))
    .select(keys.length === 0 ? db.raw('null as nearly') : db.raw('? as nearly', [nearly]));
}

/** How large a part of some is so. */
export const part = <T>(all: readonly T[], so: (one: T) => boolean): number =>
  all.filter((one) => so(one)).length / Math.max(1, all.length);

/** Whether a text holds all pieces of one of these. */
export const holds = (searched: string, any_of: readonly Pieces[]): boolean =>
  any_of.some((pieces) => pieces.every((piece) => searched.includes(piece)));

const anywhere = (db: Db, there: number): Sql =>
  db.raw('(select (ctid::text::point)[0]::integer as place, * from customers tablesample system (?)) as c', [
    Math.min(100, (100 * places * each) / there),
  ]);

/** Runs of neighbours by their numbers, from places by chance. */
const placed = (db: Db, company_id: string): Sql => {
  const numbers = within(db('customers'), { company_id }).select(db.raw('min(number) as first, max(number) as last'));
  return db.raw(
    `(select place, found.* from (
        select place, (first + random() * (last - first))::bigint as number from generate_series(1, ${places}) as place, (?) as numbers
      ) as at cross join lateral (
        select * from customers where company_id = ? and number >= at.number order by number limit ${each}
      ) as found) as c`,
    [numbers, company_id],
  );
};
