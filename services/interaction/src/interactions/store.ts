import { containsPattern, newId, normalizeForSearch, type Db, type Page, type Tx } from '@clientela/db';
import type { Following, Position, Wanted } from '../lists/rules.ts';
import { listByTime, newest } from '../lists/store.ts';
import type { Interaction, InteractionChanges, InteractionFilter, NewInteraction } from './schema.ts';

export type StoredInteraction = Interaction & { version: number };
/** Which interaction of which customer. */
export type InteractionKey = { customer_id: string; interaction_id: string };

const columns = [
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
  'created_at',
  'updated_at',
] as const;
const stored = [...columns, 'version'] as const;

type Written = Pick<Interaction, 'customer_id' | 'created_by' | 'type' | 'status'> &
  Pick<NewInteraction, 'notes' | 'occurred_at' | 'scheduled_at' | 'priority' | 'category'>;

export async function insertInteraction(tx: Tx, company_id: string, written: Written): Promise<StoredInteraction> {
  const { occurred_at, scheduled_at = null, priority = null, category = null, ...rest } = written;
  const [interaction] = await tx('interactions')
    .insert({
      ...rest,
      ...(occurred_at !== undefined && { occurred_at }),
      scheduled_at,
      priority,
      category,
      company_id,
      id: newId(),
      searched: normalizeForSearch(rest.notes, category),
    })
    .returning(stored);
  return interaction as StoredInteraction;
}

const one = (db: Db, company_id: string, { customer_id, interaction_id: id }: InteractionKey) =>
  db('interactions').where({ company_id, customer_id, id }).first(stored);

export const findInteraction = async (
  db: Db,
  company_id: string,
  key: InteractionKey,
): Promise<StoredInteraction | undefined> =>
  // A named statement is parsed and planned once per connection.
  one(db, company_id, key).options({ name: 'find_interaction' });

/** Finds and locks: nobody changes it until the transaction ends. */
export const lockInteraction = async (
  tx: Tx,
  company_id: string,
  key: InteractionKey,
): Promise<StoredInteraction | undefined> => one(tx, company_id, key).forUpdate();

/** A customer's interactions, newest first by when they occurred. */
export function listInteractions(
  db: Db,
  company_id: string,
  customer_id: string,
  filter: InteractionFilter,
  wanted: Wanted,
): Promise<Page<Interaction> | Following<Interaction>> {
  const { type, status, from, to, search } = filter;
  const found = db('interactions').where({ company_id, customer_id });
  if (type) void found.where('type', type);
  if (status) void found.where('status', status);
  if (from) void found.where('occurred_at', '>=', from);
  if (to) void found.where('occurred_at', '<=', to);
  if (search) void found.whereLike('searched', containsPattern(normalizeForSearch(search)));
  return listByTime<Interaction>(found, columns, wanted, { filtered: Boolean(type ?? status ?? from ?? to ?? search) });
}

/** At most `limit` of a customer's interactions that follow a position, newest first. */
export const newestInteractions = (
  db: Db,
  company_id: string,
  customer_id: string,
  after: Position | undefined,
  limit: number,
): Promise<Interaction[]> => newest(db('interactions').where({ company_id, customer_id }), columns, after, limit);

/** Writes changes onto the version that was read; undefined when the record has moved on. */
export async function updateInteraction(
  tx: Tx,
  company_id: string,
  current: StoredInteraction,
  changes: InteractionChanges,
): Promise<StoredInteraction | undefined> {
  const { notes, category } = { ...current, ...changes };
  const [interaction] = await tx('interactions')
    .where({ company_id, id: current.id, version: current.version })
    .update({
      ...changes,
      searched: normalizeForSearch(notes, category),
      version: current.version + 1,
      updated_at: tx.fn.now(),
    })
    .returning(stored);
  return interaction as StoredInteraction | undefined;
}

export const deleteInteraction = (tx: Tx, company_id: string, id: string): Promise<number> =>
  tx('interactions').where({ company_id, id }).delete();
