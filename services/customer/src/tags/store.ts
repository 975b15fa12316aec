import { newId, type Db, type Tx } from '@clientela/db';
import { AppError, conflict } from '@clientela/errors';
import { maxTags, type Tag } from './schema.ts';

const columns = ['id', 'customer_id', 'label', 'color', 'priority', 'created_by', 'created_at'] as const;
type NewTag = Pick<Tag, 'label' | 'color' | 'priority' | 'created_by'>;

/** All of a customer's, in the order in which they are answered: by priority from high to low, then by label. */
export const listTags = async (db: Db, company_id: string, customer_id: string): Promise<Tag[]> =>
  db('customer_tags').select(columns).where({ company_id, customer_id }).orderByRaw(tagOrder);

const tagOrder = 'priority desc, label';

/** Whose tag it is; undefined when there is none. */
export async function findCustomerOfTag(db: Db, company_id: string, id: string): Promise<string | undefined> {
  const found = (await db('customer_tags').select('customer_id').where({ company_id, id }).first()) as
    | { customer_id: string }
    | undefined;
  return found?.customer_id;
}

/**
 * Adds tags to a customer that is locked or new.
 * @param path how the caller knows the label at an index
 * @returns them in the order given
 * @throws AppError 409 naming every label that the customer has already, be it from before or from earlier in this call
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
    .ignore() // rather than fail at the first, so that each can be named
    .returning(columns);
  const byId = new Map(inserted.map((tag) => [tag.id, tag]));
  const taken = rows.flatMap(({ id }, index) => (byId.has(id) ? [] : [index]));
  if (taken.length > 0) {
    const labels = taken.map((index) => ({ path: path(index), label: tags[index]?.label ?? '' }));
    throw labelsTakenError(company_id, customer_id, labels.slice(0, maxReportedLabels));
  }
  return rows.map(({ id }) => byId.get(id) as Tag);
}

const maxReportedLabels = 100;

const labelsTakenError = (company_id: string, customer_id: string, taken: readonly { path: string; label: string }[]) =>
  new AppError('conflict', {
    error_code: 'TAG_LABEL_TAKEN',
    detail: `The customer has the tag already: ${taken.map(({ label }) => label).join(', ')}`,
    errors: taken.map(({ path }) => ({ path, message: 'the customer has it already' })),
    existing: (db: Db) => findTag(db, company_id, customer_id, taken[0]?.label ?? ''),
  });

const findTag = (db: Db, company_id: string, customer_id: string, label: string) =>
  db('customer_tags')
    .select('id', 'label')
    .where({ company_id, customer_id })
    .whereRaw('lower(label) = lower(?)', [label])
    .first() as Promise<{ id: string; label: string } | undefined>;

/** Takes a tag from a customer; undefined when it has none of that id. */
export async function deleteTag(tx: Tx, company_id: string, customer_id: string, id: string): Promise<Tag | undefined> {
  const [deleted] = await tx('customer_tags').where({ company_id, customer_id, id }).delete().returning(columns);
  return deleted as Tag | undefined;
}

/**
 * Writes a customer's labels into its record, in the order of the tags.
 * @param raised versions that this makes: one for each tag that came or went
 * @throws AppError 409 when there are more than a customer may have
 */
export async function updateLabels(
  tx: Tx,
  company_id: string,
  customer_id: string,
  raised: number,
): Promise<{ tags: string[]; version: number }> {
  const labels = `array(select label from customer_tags where company_id = ? and customer_id = ? order by ${tagOrder})`;
  const [record]: { tags: string[]; version: number }[] = await tx('customers')
    .where({ company_id, id: customer_id })
    .update({
      tags: tx.raw(labels, [company_id, customer_id]),
      version: tx.raw('version + ?::integer', [raised]),
      ...(raised > 0 && { updated_at: tx.fn.now() }),
    })
    .returning(['tags', 'version']);
  if (!record) throw new Error('The labels of a customer that is not locked');
  if (record.tags.length > maxTags)
    throw conflict({ error_code: 'TOO_MANY_TAGS', detail: `A customer has at most ${maxTags} tags` });
  return record;
}
