import { customerNoteAdded } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { notFound } from '@clientela/errors';
import { lockUndeleted, type CustomerTarget } from '../customers/actions.ts';
import { recordChange } from '../history/actions.ts';
import { insertHistory } from '../history/store.ts';
import type { Note } from './schema.ts';
import { deleteNote, insertNote } from './store.ts';

/** Adds a note without raising the customer's version. Event and history omit its text. */
export async function addNote(tx: Tx, target: CustomerTarget, content: string): Promise<Note> {
  const { actor } = target;
  const customer = await lockUndeleted(tx, target);
  const note = await insertNote(tx, actor.company_id, { customer_id: customer.id, content, created_by: actor.id });
  await recordChange(tx, actor, customerNoteAdded, customer, { note_id: note.id });
  return note;
}

export async function removeNote(tx: Tx, target: CustomerTarget, note_id: string): Promise<void> {
  const { actor } = target;
  const customer = await lockUndeleted(tx, target);
  if (!(await deleteNote(tx, actor.company_id, customer.id, note_id))) throw notFound('note');
  const entry = { actor_id: actor.id, action: 'customer.note.removed', changes: [] };
  await insertHistory(tx, actor.company_id, customer.id, entry);
}
