import { customerTagAdded, customerTagRemoved } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { notFound } from '@clientela/errors';
import { lockUndeleted, type CustomerTarget } from '../customers/actions.ts';
import { recordChange, recordChanges } from '../history/actions.ts';
import type { NewTags, Tag } from './schema.ts';
import { deleteTag, insertTags, updateLabels } from './store.ts';

/** Adds all of the labels or none. Each tag raises the customer's version by one and is published as an event. */
export async function addTags(
  tx: Tx,
  target: CustomerTarget,
  { label, labels = [], color, priority }: NewTags,
): Promise<{ tags: Tag[]; version: number }> {
  const { actor } = target;
  const current = await lockUndeleted(tx, target);
  const newLabels = label === undefined ? labels : [label];
  const rows = newLabels.map((newLabel) => ({ label: newLabel, color, priority, created_by: actor.id }));
  const tags = await insertTags(tx, actor.company_id, current.id, rows, (index) =>
    label === undefined ? `labels.${index}` : 'label',
  );
  const record = await updateLabels(tx, actor.company_id, current.id, tags.length);
  const details = tags.map(({ id: tag_id }) => ({ tag_id }));
  const changes = [{ field: 'tags', from: current.tags, to: record.tags }];
  await recordChanges(tx, actor, customerTagAdded, { ...current, ...record }, details, { changes });
  return { tags, version: record.version };
}

/** @returns the new version of the customer */
export async function removeTag(tx: Tx, target: CustomerTarget, tag_id: string): Promise<number> {
  const { actor } = target;
  const current = await lockUndeleted(tx, target);
  if (!(await deleteTag(tx, actor.company_id, current.id, tag_id))) throw notFound('tag');
  const record = await updateLabels(tx, actor.company_id, current.id, 1);
  const changes = [{ field: 'tags', from: current.tags, to: record.tags }];
  await recordChange(tx, actor, customerTagRemoved, { ...current, ...record }, { tag_id }, { changes });
  return record.version;
}
