import type { InternalTimeline } from '@clientela/contracts';
import type { Interaction } from '../interactions/schema.ts';
import { compareNewest, toCursorPage, type CursorPage } from '../lists/rules.ts';
import type { Transaction } from '../transactions/schema.ts';
import type { TimelineItem } from './schema.ts';

export const interactionItem = (interaction: Interaction): TimelineItem => ({
  kind: 'interaction',
  id: interaction.id,
  occurred_at: interaction.occurred_at,
  interaction,
});

export const transactionItem = (transaction: Transaction): TimelineItem => ({
  kind: 'transaction',
  id: transaction.id,
  occurred_at: transaction.occurred_at,
  transaction,
});

export function customerItem(item: InternalTimeline['items'][number]): TimelineItem {
  const { id, at: occurred_at, actor_id } = item;
  if (item.kind === 'note')
    return { kind: item.kind, id, occurred_at, note: { created_by: actor_id, content: item.content } };
  const { kind, from, to, reason } = item;
  return { kind, id, occurred_at, status_change: { changed_by: actor_id, from, to, reason } };
}

/** Merges sources newest first, each with one row more than the page holds. */
export const mergeSources = (sources: readonly TimelineItem[][], per_page: number): CursorPage<TimelineItem> =>
  toCursorPage(sources.flat().toSorted(compareNewest), per_page);
