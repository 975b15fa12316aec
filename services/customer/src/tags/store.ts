import { alphabetical, newId, type Db, type Tx } from '@clientela/db';
import { AppError, conflict } from '@clientela/errors';
import { countCreated } from '../customers/metrics.ts';
import type { LabelUses } from './label-search.ts';
import { maxKnownLabels, maxTags, type LabelUse, type Tag } from './schema.ts';

const columns = ['id', 'customer_id', 'label', 'color', 'priority', 'created_by', 'created_at'] as const;
type NewTag = Pick<Tag, 'label' | 'color' | 'priority' | 'created_by'>;

/** Lists all tags of a customer by priority, highest first, then by label. */
export const listTags = async (db: Db, company_id: string, customer_id: string): Promise<Tag[]> =>
  db('customer_tags').select(columns).where({ company_id, customer_id }).orderByRaw(tagOrder);

const tagOrder = `priority desc, ${alphabetical('label')}`;

/** Finds the customer that has the tag. */
export async function findCustomerOfTag(db: Db, company_id: string, id: string): Promise<string | undefined> {
  const row = (await db('customer_tags').select('customer_id').where({ company_id, id }).first()) as
    | { customer_id: string }
    | undefined;
  return row?.customer_id;
}

/**
 * Adds tags to a customer that is locked or new.
 * @param path returns the field path of the label at an index
 * @returns the tags in the given order
 * @throws AppError 409 naming every label that the customer has already, or that is repeated in the call
 */
export async function insertTags(
  tx: Tx,
  company_id: string,
  customer_id: string,
  tags: readonly NewTag[],
  path: (index: number) => string,
): Promise<Tag[]> {
  const rows = tags.map((tag) => ({ company_id, id: newId(), customer_id, ...tag }));
  const inserted: Tag[] = await tx('customer_tags')
    .insert(rows)
    .onConflict(tx.raw('(company_id, customer_id, lower(label))'))
    .ignore() // reports every taken label instead of failing at the first
    .returning(columns);
  const byId = new Map(inserted.map((tag) => [tag.id, tag]));
  const labels = rows.map(({ label }) => label);
  rejectTakenLabels(company_id, customer_id, labels, (index) => byId.has(rows[index]?.id ?? ''), path);
  countCreated(tx, { tags: rows.length });
  return rows.map(({ id }) => byId.get(id) as Tag);
}

const maxReportedLabels = 100;

/**
 * Rejects labels whose tags were not inserted.
 * @param path returns the field path of the label at an index
 * @throws AppError 409 naming every label that the customer has already, or that is repeated in the call
 */
export function rejectTakenLabels(
  company_id: string,
  customer_id: string,
  labels: readonly string[],
  isInserted: (index: number) => boolean,
  path: (index: number) => string,
): void {
  const taken = labels.flatMap((label, index) => (isInserted(index) ? [] : [{ path: path(index), label }]));
  if (taken.length > 0) throw labelsTakenError(company_id, customer_id, taken.slice(0, maxReportedLabels));
}

const labelsTakenError = (company_id: string, customer_id: string, taken: readonly { path: string; label: string }[]) =>
  new AppError('conflict', {
    error_code: 'TAG_LABEL_TAKEN',
    detail: `The customer already has the tag: ${taken.map(({ label }) => label).join(', ')}`,
    errors: taken.map(({ path }) => ({ path, message: 'is already a tag of the customer' })),
    existing: (db: Db) => findTag(db, company_id, customer_id, taken[0]?.label ?? ''),
  });

const findTag = (db: Db, company_id: string, customer_id: string, label: string) =>
  db('customer_tags')
    .select('id', 'label')
    .where({ company_id, customer_id })
    .whereRaw('lower(label) = lower(?)', [label])
    .first() as Promise<{ id: string; label: string } | undefined>;

/** Removes a tag from a customer; undefined when the customer has no such tag. */
export async function deleteTag(tx: Tx, company_id: string, customer_id: string, id: string): Promise<Tag | undefined> {
  const [deleted] = await tx('customer_tags').where({ company_id, customer_id, id }).delete().returning(columns);
  return deleted as Tag | undefined;
}

/**
 * Copies the labels of a customer's tags into its record, in their order.
 * @param versionIncrement one for each tag that was added or removed
 * @throws AppError 409 for more tags than a customer may have
 */
export async function updateLabels(
  tx: Tx,
  company_id: string,
  customer_id: string,
  versionIncrement: number,
): Promise<{ tags: string[]; version: number }> {
  const labels = `array(select label from customer_tags where company_id = ? and customer_id = ? order by ${tagOrder})`;
  const [record]: { tags: string[]; version: number }[] = await tx('customers')
    .where({ company_id, id: customer_id })
    .update({
      tags: tx.raw(labels, [company_id, customer_id]),
      version: tx.raw('version + ?::integer', [versionIncrement]),
      updated_at: tx.fn.now(),
    })
    .returning(['tags', 'version']);
  if (!record) throw new Error('The customer of these tags does not exist');
  if (record.tags.length > maxTags)
    throw conflict({ error_code: 'TOO_MANY_TAGS', detail: `A customer can have at most ${maxTags} tags` });
  return record;
}

/**
 * Counts the customers of the default list by label, whatever its case.
 * @returns the most used labels, and how many the company has
 */
export async function countByLabel(db: Db, company_id: string): Promise<LabelUses> {
  const { rows } = await db.raw<{ rows: (LabelUse & { total: number })[] }>(countByLabelSql, [
    company_id,
    maxKnownLabels,
  ]);
  return { total: rows[0]?.total ?? 0, labels: rows.map(({ total: _total, ...use }) => use) };
}

// Groups spellings and colors first, so that choosing the most used ones sorts few rows.
const countByLabelSql = `
select (array_agg(label order by customers desc, label))[1] as label,
       (array_agg(color order by customers desc, color) filter (where color is not null))[1] as color,
       sum(customers)::bigint as customers, count(*) over () as total
  from (
    select lower(label) as key, label, color, count(*) as customers
      from customer_tags where company_id = ? and is_listed
     group by 1, 2, 3
  ) as spellings
 group by key
 order by customers desc, key
 limit ?`;
