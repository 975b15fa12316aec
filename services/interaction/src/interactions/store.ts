import { like, newId, page, searchedText, type Db, type Page, type Tx } from '@clientela/db';
import type { Interaction, InteractionQuery, NewInteraction } from './schema.ts';

export type StoredInteraction = Interaction & { version: number };

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
      searched: searchedText(rest.notes, category),
    })
    .returning([...columns, 'version']);
  return interaction as StoredInteraction;
}

/** A customer's interactions, newest first by when they occurred. */
export function listInteractions(
  db: Db,
  company_id: string,
  customer_id: string,
  query: InteractionQuery,
): Promise<Page<Interaction>> {
  const found = db('interactions').where({ company_id, customer_id });
  if (query.type) void found.where('type', query.type);
  if (query.status) void found.where('status', query.status);
  if (query.from) void found.where('occurred_at', '>=', query.from);
  if (query.to) void found.where('occurred_at', '<=', query.to);
  if (query.search) void found.whereLike('searched', like(searchedText(query.search)));
  const filtered = Boolean(query.type ?? query.status ?? query.from ?? query.to ?? query.search);
  const sort = [{ column: 'occurred_at', descending: true }];
  return page<Interaction>(found, columns, { ...query, sort }, { filtered });
}

export const deleteInteractionsOf = (tx: Tx, company_id: string, customer_id: string): Promise<number> =>
  tx('interactions').where({ company_id, customer_id }).delete();
