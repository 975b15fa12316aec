import {
  containsPattern,
  EXACT_COUNT_LIMIT,
  execute,
  newId,
  normalizeForSearch,
  plannerRowEstimate,
  whereCompany,
  type Db,
  type NamedStatement,
  type Page,
  type Query,
  type Scope,
  type Tx,
} from '@clientela/db';
import type { CursorPage, Position, ListRange } from '../lists/rules.ts';
import { listAfter, listByTime } from '../lists/store.ts';
import { timeOrder } from './rules.ts';
import type {
  CompanyInteractionFilter,
  Interaction,
  InteractionChanges,
  InteractionFilter,
  NewInteraction,
} from './schema.ts';

export type InteractionKey = { customer_id: string; interaction_id: string };

export const columns = [
  'id',
  'customer_id',
  'created_by',
  'type',
  'notes',
  'occurred_at',
  'scheduled_at',
  'status',
  'priority',
  'category',
  'version',
  'created_at',
  'updated_at',
] as const;

type NewRow = Pick<Interaction, 'customer_id' | 'created_by' | 'type' | 'status'> &
  Pick<NewInteraction, 'notes' | 'occurred_at' | 'scheduled_at' | 'priority' | 'category'>;

const insertStatement: NamedStatement = {
  name: 'insert_interaction',
  text: `insert into interactions (company_id, id, customer_id, created_by, type, status, notes, occurred_at, scheduled_at, priority,
      category, search_text)
    values ($1, $2, $3, $4, $5, $6, $7, coalesce($8::timestamptz, now()), $9, $10, $11, $12)
    returning ${columns.join(', ')}`,
};

export async function insertInteraction(tx: Tx, company_id: string, row: NewRow): Promise<Interaction> {
  const { customer_id, created_by, type, status, notes, occurred_at, scheduled_at, priority, category } = row;
  const [interaction] = await execute<Interaction>(tx, insertStatement, [
    company_id,
    newId(),
    customer_id,
    created_by,
    type,
    status,
    notes,
    occurred_at ?? null,
    scheduled_at ?? null,
    priority ?? null,
    category ?? null,
    normalizeForSearch(notes, category),
  ]);
  return interaction as Interaction;
}

const byKey = (db: Db, company_id: string, { customer_id, interaction_id: id }: InteractionKey) =>
  db('interactions').where({ company_id, customer_id, id }).first(columns);

export const findInteraction = async (
  db: Db,
  company_id: string,
  key: InteractionKey,
): Promise<Interaction | undefined> =>
  // PostgreSQL parses and plans a named statement once per connection.
  byKey(db, company_id, key).options({ name: 'find_interaction' });

/** Finds an interaction and locks its row until the transaction ends. */
export const lockInteraction = async (
  tx: Tx,
  company_id: string,
  key: InteractionKey,
): Promise<Interaction | undefined> => byKey(tx, company_id, key).forUpdate();

/** Lists a customer's interactions by occurred_at, newest first. */
export function listInteractions(
  db: Db,
  company_id: string,
  customer_id: string,
  filter: InteractionFilter,
  range: ListRange,
): Promise<Page<Interaction> | CursorPage<Interaction>> {
  const rows = applyFilter(db('interactions').where({ company_id, customer_id }), filter);
  const { search } = filter;
  if (search) void rows.whereLike('search_text', containsPattern(normalizeForSearch(search)));
  return listByTime<Interaction>(rows, columns, range, { isFiltered: hasValue(filter) });
}

/** Lists interactions of a company or of all companies, by default by occurred_at, newest first. */
export async function listCompanyInteractions(
  db: Db,
  scope: Scope,
  { sort, ...filter }: CompanyInteractionFilter,
  range: ListRange,
): Promise<Page<Interaction> | CursorPage<Interaction>> {
  const { customer_id, priority, scheduled_from, scheduled_to } = filter;
  const rows = applyFilter(whereCompany(db('interactions'), scope), filter);
  if (customer_id) void rows.where('customer_id', customer_id);
  if (priority) void rows.where('priority', priority);
  if (scheduled_from) void rows.where('scheduled_at', '>=', scheduled_from);
  if (scheduled_to) void rows.where('scheduled_at', '<=', scheduled_to);
  const isFiltered = 'all' in scope || hasValue(filter); // the rows of all companies are not counted
  const order = timeOrder(sort);
  const isScheduled = (scheduled_from ?? scheduled_to) !== undefined;
  // PostgreSQL does not know that what is scheduled late also occurs late, and would read all that does not.
  const isFew = isScheduled && order.column === 'occurred_at' && (await plannerRowEstimate(rows)) <= EXACT_COUNT_LIMIT;
  return listByTime<Interaction>(isFew ? fence(db, rows) : rows, columns, range, { isFiltered, order });
}

/** Keeps the order of a list from choosing the index by which its rows are found. */
const fence = (db: Db, rows: Query): Query => db.from(db.raw('(? offset 0) as interactions', [rows.select(columns)]));

const hasValue = (filter: object): boolean => Object.values(filter).some((value) => value !== undefined);

function applyFilter(rows: Query, { type, status, from, to }: InteractionFilter): Query {
  if (type) void rows.where('type', type);
  if (status) void rows.where('status', status);
  if (from) void rows.where('occurred_at', '>=', from);
  if (to) void rows.where('occurred_at', '<=', to);
  return rows;
}

/** Lists at most `limit` of a customer's interactions after a position, newest first. */
export const listNewestInteractions = (
  db: Db,
  company_id: string,
  customer_id: string,
  after: Position | undefined,
  limit: number,
): Promise<Interaction[]> => listAfter(db('interactions').where({ company_id, customer_id }), columns, after, limit);

/** Updates the version that was read. @returns undefined when another transaction changed the record */
export async function updateInteraction(
  tx: Tx,
  company_id: string,
  current: Interaction,
  changes: InteractionChanges,
): Promise<Interaction | undefined> {
  const { notes, category } = { ...current, ...changes };
  const [interaction] = await tx('interactions')
    .where({ company_id, id: current.id, version: current.version })
    .update({
      ...changes,
      search_text: normalizeForSearch(notes, category),
      version: current.version + 1,
      updated_at: tx.fn.now(),
    })
    .returning(columns);
  return interaction as Interaction | undefined;
}

export const deleteInteraction = (tx: Tx, company_id: string, id: string): Promise<number> =>
  tx('interactions').where({ company_id, id }).delete();
