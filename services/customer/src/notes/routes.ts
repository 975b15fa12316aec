import { notFound } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { Message } from '@clientela/validation';
import { CustomerId } from '../customers/schema.ts';
import { findCustomer } from '../customers/store.ts';
import { addNote, removeNote } from './actions.ts';
import { NewNote, NoteParams, NotePage, NoteQuery, NoteResponse } from './schema.ts';
import { listNotes } from './store.ts';

const path = '/api/customers/{customer_id}/notes';

export const noteRoutes: Route[] = [
  route({
    method: 'post',
    path,
    operation: 'customers.notes.add',
    errors: { 404: ['CUSTOMER_NOT_FOUND'], 409: ['CUSTOMER_DELETED'], 412: ['PRECONDITION_FAILED'] },
    summary: 'Add a note about a customer',
    description:
      'The text may have several lines. The author is the signed-in user. If-Match refers to the version of the customer.',
    allow: 'customers:update',
    params: CustomerId,
    body: NewNote,
    example: { content: 'Prefers to be called in the morning' },
    responses: { 201: NoteResponse },
    handle: async ({ tx, actor, params, body, expected_version }) => {
      const target = { actor, id: params.customer_id, expected_version };
      return { message: 'Note added', note: await addNote(tx, target, body.content) };
    },
  }),
  route({
    method: 'get',
    path,
    operation: 'customers.notes.list',
    errors: { 404: ['CUSTOMER_NOT_FOUND'] },
    summary: 'List the notes about a customer',
    description: 'Newest first.',
    allow: 'customers:read',
    params: CustomerId,
    query: NoteQuery,
    responses: { 200: NotePage },
    handle: async ({ db, actor, params, query }) => {
      if (!(await findCustomer(db, actor.company_id, params.customer_id))) throw notFound('customer');
      const { rows: notes, ...paging } = await listNotes(db, actor.company_id, params.customer_id, query);
      return { notes, ...paging };
    },
  }),
  route({
    method: 'delete',
    path: `${path}/{note_id}`,
    operation: 'customers.notes.remove',
    errors: { 404: ['CUSTOMER_NOT_FOUND', 'NOTE_NOT_FOUND'], 409: ['CUSTOMER_DELETED'] },
    summary: 'Remove a note about a customer',
    description: 'If-Match refers to the version of the customer.',
    allow: 'customers:update',
    params: NoteParams,
    responses: { 200: Message },
    handle: async ({ tx, actor, params, expected_version }) => {
      await removeNote(tx, { actor, id: params.customer_id, expected_version }, params.note_id);
      return { message: 'Note removed' };
    },
  }),
];
