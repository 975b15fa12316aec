import { within, type Db, type Scope } from '@clientela/db';
import type { Listing } from './schema.ts';
import { holding } from './matching.ts';
import { ofRecord, type Sql } from './source.ts';
import { patternsOf, type Term } from './terms.ts';

/** What a sample of all customers tells of a search: parts of one, but for the places. */
export type Sample = {
  share: number;
  /** Those found whom the list would have by what the record tells. */
  listed: number;
  /** Those found by a typo, as far as keys tell. */
  nearly: number;
  /** In how many places of the table some were found. */
  places: number;
  /** Those whose text holds a pattern. */
  patterns: ReadonlyMap<string, number>;
};

const places = 40;
const each = 50;

/** Looks at two thousand customers in places all over the company. */
export async function sampled(db: Db, scope: Scope, listing: Listing, term: Term, there: number): Promise<Sample> {
  const { any_of, mistyped } = term;
  const pieces = [...any_of.flat(), ...mistyped.flatMap(({ others }) => others)];
  const patterns = [...new Set(pieces.flatMap((piece) => patternsOf(piece)))];
  const listed = db.from(db.raw('(values (1)) as one')).select(db.raw('1'));
  ofRecord(listed, listing);
  const keys = [...new Set(mistyped.flatMap((one) => one.keys))];
  const looked = db
    .from('all' in scope ? anywhere(db, there) : placed(db, scope.company_id))
    .select('c.place', db.raw('? as found, exists (?) as listed', [holding(db, any_of), listed]))
    .select(db.raw('c.typo_keys && ?::integer[] as nearly', [keys]))
    .select(patterns.map((pattern, at) => db.raw(`c.searched like ? as p${at}`, [pattern])));
  const counted = ['true', 'found', 'found and listed', 'nearly', ...patterns.map((_, at) => `p${at}`)];
  const perPlace = db
    .from(looked.as('s'))
    .select(counted.map((what, at) => db.raw(`count(*) filter (where ${what}) as n${at}`)))
    .groupBy('place');
  const counts: Record<string, number>[] = await db
    .from(perPlace.as('p'))
    .select(db.raw('count(*) filter (where n1 > 0) as places'))
    .select(counted.map((_, at) => db.raw(`sum(n${at})::integer as n${at}`)));
  const [answer = {}] = counts;
  const part = (at: number) => (answer[`n${at}`] ?? 0) / Math.max(1, answer['n0'] ?? 0);
  return {
    share: part(1),
    listed: part(2),
    nearly: part(3),
    places: answer['places'] ?? 0,
    patterns: new Map(patterns.map((pattern, at) => [pattern, part(at + 4)])),
  };
}

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
