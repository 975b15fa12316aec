import type { Db, Query } from '@clientela/db';
import type { Customer } from '../customers/schema.ts';
import { responseColumns } from '../customers/store.ts';
import type { CustomerKey } from './search.ts';
import { inOrder, keyed, type Key, type Source } from './source.ts';
import { exactUpTo, type Total } from './totals.ts';

export type Slice = { limit: number; offset: number };
export type Found = { rows: Customer[] } & Total;
/** What was found, and those that were, by their keys in no order. */
type Collected = { found: Found; some: readonly CustomerKey[] };

/** So many customers are ranked among themselves, or looked at for a typo, where there are too many for all. */
export const pool = 1_000;

/**
 * Counts up to one more than is counted; of no more than that, also the slice. Of more, where the order takes time to tell: the best up to
 * the slice's end among the first thousand that are met with.
 * @param options.remember whether what was found is wanted by its keys, if there are no more than a thousand
 */
export async function collected(
  db: Db,
  source: Source,
  { limit, offset }: Slice,
  options: { remember?: boolean } = {},
): Promise<Collected> {
  const { late, keys } = source;
  const rows = source.rows.clone();
  const found = whose(db, source, rows)
    .select(late ? late.columns : asKeys(db, keys))
    .limit(exactUpTo + 1);
  const counted = (ofFew: number | null, ofMany: number) =>
    db.raw('(select case when total <= ? then ?::integer else ? end from counted)', [exactUpTo, ofFew, ofMany]);
  const sortable = late
    ? db
        .from(db.raw('(select * from found limit ?) as f', [counted(null, pool)]))
        .select(['found_company', 'found_id', ...asKeys(db, late.keys)])
    : db.from('found').whereRaw('(select total from counted) <= ?', [exactUpTo]);
  const first = db.raw('? limit ? offset ?', [
    inOrder(db.from(sortable.as('f')).select('f.*'), keyed(keys, 'f')),
    late ? counted(limit, Math.min(pool, offset + limit)) : limit,
    late ? counted(offset, 0) : offset,
  ]);
  const met = db.raw(
    `case when total <= ? and row_number() over () = 1 then (select string_agg(found_company || ' ' || found_id, ',') from found) end`,
    [pool],
  );
  const withFound = withHits(source, db.queryBuilder());
  // Hits are kept already, and what is found among them alone need not be kept once more.
  if (source.hits && source.alone) void withFound.withNotMaterialized('found', found);
  else void withFound.withMaterialized('found', found);
  const answer = (await inOrder(
    withFound
      .with('counted', db.from('found').count({ total: '*' }))
      .select(['counted.total', db.raw('? as met', [options.remember ? met : null]), ...responseColumns])
      .from('counted')
      .leftJoin(db.raw('(?) as k', [first]), db.raw('true'))
      .leftJoin('customers as c', { 'c.company_id': 'k.found_company', 'c.id': 'k.found_id' })
      .leftJoin('customer_counters as n', { 'n.company_id': 'k.found_company', 'n.customer_id': 'k.found_id' }),
    keyed(keys, 'k'),
  )) as (Customer & { total: number; met: string | null })[];
  const some = answer.flatMap((row) => row.met?.split(',') ?? []).map((key) => key.split(' '));
  return {
    found: {
      rows: answer.filter(({ id }) => id !== null).map(({ total: _total, met: _met, ...customer }) => customer),
      total: answer[0]?.total ?? 0,
    },
    some: some.map(([company_id = '', id = '']) => ({ company_id, id })),
  };
}

/** Whom the rows are about, and the columns of their order. */
export const select = (db: Db, source: Source, rows: Query): Query =>
  withHits(source, whose(db, source, rows).select(asKeys(db, source.keys)));

const withHits = ({ hits }: Source, query: Query): Query => (hits ? query.withMaterialized('hits', hits) : query);

const whose = (db: Db, { company, id }: Source, rows: Query): Query =>
  rows.select([db.raw(`${company} as found_company`), db.raw(`${id} as found_id`)]);

const asKeys = (db: Db, keys: readonly Key[]) =>
  keys.map(({ sql, values = [] }, at) => db.raw(`${sql} as k${at}`, values));
