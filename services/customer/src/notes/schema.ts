import {
  creationBody,
  Instant,
  multilineText,
  queryPage,
  pageSchema,
  queryPerPage,
  Uuid,
  nameSchemas,
} from '@clientela/validation';
import { z } from 'zod';

export const Note = z.strictObject({
  id: Uuid,
  customer_id: Uuid,
  content: z.string(),
  created_by: z.string().meta({ description: 'The user who wrote it' }),
  created_at: Instant,
});
export type Note = z.infer<typeof Note>;

export const NewNote = creationBody(Note, z.strictObject({ content: multilineText(500) }));

export const NoteParams = z.strictObject({ customer_id: Uuid, note_id: Uuid });
export const NoteQuery = z.strictObject({ page: queryPage, per_page: queryPerPage() });
export type NoteQuery = z.infer<typeof NoteQuery>;

export const NoteResponse = z.strictObject({ message: z.string(), note: Note });
export const NotePage = pageSchema('notes', Note);

nameSchemas({ Note, NewNote, SavedNoteResponse: NoteResponse, NotePage });
