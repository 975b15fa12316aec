import { customersImported } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';
import type { Change } from '../../history/schema.ts';
import type { ImportDetails } from '../writer/store.ts';

export type Undo = { job_id: string; position: string | null; done: number };

export const findUndo = (db: Db, company_id: string, import_id: string): PromiseLike<Undo | undefined> =>
  db('customer_import_undos').select('job_id', 'position', 'done').where({ company_id, import_id }).first();

/** Serializes requests for the undo of one import. */
export const lockImport = (tx: Tx, company_id: string, id: string): PromiseLike<unknown> =>
  tx('customer_imports').select('id').where({ company_id, id }).forUpdate();

/** Inserts the undo, or lets a new job continue one that was cancelled or failed. */
export const saveUndo = (tx: Tx, company_id: string, import_id: string, job_id: string): PromiseLike<unknown> =>
  tx('customer_import_undos')
    .insert({ company_id, import_id, job_id })
    .onConflict(['company_id', 'import_id'])
    .merge(['job_id']);

/** A change that the import made to a customer; `details` is null for its creation. */
export type UndoEntry = {
  id: string;
  customer_id: string;
  row: number | null;
  changes: Change[];
  details: ImportDetails | null;
};

/** Lists what an import changed, the last change first. */
export const listEntries = (
  db: Db,
  company_id: string,
  import_id: string,
  { before, limit }: { before: string | null; limit: number },
): PromiseLike<UndoEntry[]> => {
  const query = db('customer_history')
    .select('id', 'customer_id', 'import_row as row', 'changes', 'import_details as details')
    .where({ company_id, import_id, action: customersImported.name })
    .orderBy('id', 'desc')
    .limit(limit);
  return before === null ? query : query.where('id', '<', before);
};

export type CreatedCustomer = {
  id: string;
  number: number;
  status: string;
  is_deleted: boolean;
  is_changed: boolean;
  has_records: boolean;
};

/** Locks customers that an import created, and tells what happened to them since. */
export async function lockCreated(
  tx: Tx,
  company_id: string,
  import_id: string,
  ids: readonly string[],
): Promise<CreatedCustomer[]> {
  if (ids.length === 0) return [];
  const key = [company_id, ids as string[]];
  await tx.raw('select id from customers where company_id = ? and id = any(?::uuid[]) order by id for update', key);
  const { rows } = await tx.raw<{ rows: CreatedCustomer[] }>(
    `select c.id, c.number, c.status, c.deleted_at is not null as is_deleted,
         exists (select from customer_history h where h.company_id = c.company_id and h.customer_id = c.id
           and h.import_id is distinct from ?::uuid) as is_changed,
         n.totals_version > 0 or n.total_orders + n.total_appointments + n.total_complaints + n.returned_orders > 0
           or n.lifetime_value <> 0 or n.by_currency <> '{}' as has_records
       from customers c join customer_counters n on n.company_id = c.company_id and n.customer_id = c.id
      where c.company_id = ? and c.id = any(?::uuid[])`,
    [import_id, ...key],
  );
  return rows;
}

/** Sets the deletion mark of locked customers. */
export const markAllDeleted = (tx: Tx, company_id: string, ids: readonly string[]): PromiseLike<unknown> =>
  tx('customers')
    .where({ company_id })
    .whereRaw('id = any(?::uuid[])', [ids as string[]])
    .update({ deleted_at: tx.fn.now(), updated_at: tx.fn.now(), version: tx.raw('version + 1') });

/** Deletes rows that an import added to customers. @returns the customers that had them */
export const deleteAdded = (
  tx: Tx,
  table: 'customer_tags' | 'customer_notes',
  company_id: string,
  { customer_ids, ids }: { customer_ids: readonly string[]; ids: readonly string[] },
): PromiseLike<{ customer_id: string }[]> =>
  tx(table)
    .where({ company_id })
    .whereRaw('customer_id = any(?::uuid[])', [customer_ids as string[]])
    .whereRaw('id = any(?::uuid[])', [ids as string[]])
    .delete()
    .returning('customer_id');

export const findNumbers = (
  db: Db,
  company_id: string,
  ids: readonly string[],
): PromiseLike<{ id: string; number: number }[]> =>
  db('customers')
    .select('id', 'number')
    .where({ company_id })
    .whereRaw('id = any(?::uuid[])', [ids as string[]]);

export type UndoProblem = {
  entry_id: string;
  ordinal: number;
  row_number: number | null;
  customer_number: number;
  field: string | null;
  reason: string;
};

export async function insertUndoProblems(
  tx: Tx,
  company_id: string,
  import_id: string,
  problems: readonly UndoProblem[],
): Promise<void> {
  if (problems.length > 0)
    await tx.batchInsert(
      'customer_import_undo_problems',
      problems.map((problem) => ({ company_id, import_id, ...problem })),
      1000,
    );
}

/** Lists problems in the order of the file's rows, after one of them. */
export const listUndoProblems = (
  db: Db,
  company_id: string,
  import_id: string,
  { after, limit }: { after: UndoProblem | undefined; limit: number },
): PromiseLike<UndoProblem[]> => {
  const query = db('customer_import_undo_problems')
    .select('entry_id', 'ordinal', 'row_number', 'customer_number', 'field', 'reason')
    .where({ company_id, import_id })
    .orderBy(['row_number', 'entry_id', 'ordinal'])
    .limit(limit);
  if (!after) return query;
  return query.whereRaw('(row_number, entry_id, ordinal) > (?, ?, ?)', [
    after.row_number ?? 0,
    after.entry_id,
    after.ordinal,
  ]);
};

/** Adds what a chunk did. */
export const addUndone = (
  tx: Tx,
  company_id: string,
  import_id: string,
  { position, done, ...counts }: { position: string; done: number; deleted: number; reverted: number; kept: number },
): PromiseLike<unknown> =>
  tx('customer_import_undos')
    .where({ company_id, import_id })
    .update({
      position,
      done,
      ...Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, tx.raw('?? + ?', [name, count])])),
    });
