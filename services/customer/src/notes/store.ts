import { newId, paginate, type Db, type Page, type Tx } from '@clientela/db';
import { countCreated } from '../customers/metrics.ts';
import type { Note, NoteQuery } from './schema.ts';

const columns = ['id', 'customer_id', 'content', 'created_by', 'created_at'] as const;
const sort = [{ column: 'created_at', descending: true }];

export const listNotes = (db: Db, company_id: string, customer_id: string, query: NoteQuery): Promise<Page<Note>> =>
  paginate<Note>(
    db('customer_notes').where({ company_id, customer_id }),
    columns,
    { ...query, sort },
    { isFiltered: false },
  );

export async function insertNote(
  tx: Tx,
  company_id: string,
  note: Pick<Note, 'customer_id' | 'content' | 'created_by'>,
): Promise<Note> {
  const row = { company_id, id: newId(), ...note, created_at: tx.raw('clock_timestamp()') };
  const [inserted] = await tx('customer_notes').insert(row).returning(columns);
  countCreated(tx, { notes: 1 });
  return inserted as Note;
}

/** @returns whether the customer had the note */
export const deleteNote = async (tx: Tx, company_id: string, customer_id: string, id: string): Promise<boolean> =>
  (await tx('customer_notes').where({ company_id, customer_id, id }).delete()) > 0;
