import { Readable } from 'node:stream';
import { reply, route, type Route } from '@clientela/http';
import { nameSchemas } from '@clientela/validation';
import { z } from 'zod';
import { Job } from '../../jobs/schema.ts';
import { requireImport } from '../actions.ts';
import { ImportParams } from '../schema.ts';
import { createUndo } from './actions.ts';
import { undoCsv } from './undo-csv.ts';

const path = '/api/customers/imports/{import_id}';
const allow = 'customers:import';

const SavedJobResponse = z.strictObject({ message: z.string(), job: Job });
nameSchemas({ SavedJobResponse });

export const undoRoutes: Route[] = [
  route({
    method: 'post',
    path: `${path}/undo`,
    operation: 'imports.undo',
    errors: {
      404: ['IMPORT_NOT_FOUND'],
      409: ['IMPORT_ALREADY_UNDONE', 'IMPORT_DRY_RUN', 'IMPORT_NOT_ENDED', 'IMPORT_UNDO_EXPIRED', 'TOO_MANY_JOBS'],
    },
    summary: 'Undo an import',
    description:
      'Within 7 days of its end. Customers that the import created are deleted unless somebody changed them since; updated ones get back ' +
      'each value where they still have that of the import, and lose its tags and notes. What stays is listed by undo.csv. A cancelled or ' +
      'failed undo is continued by the next request.',
    allow,
    params: ImportParams,
    responses: { 202: SavedJobResponse },
    handle: async ({ tx, actor, params }) =>
      reply(202, { message: 'Undo queued', job: await createUndo(tx, actor, params.import_id) }),
  }),
  route({
    method: 'get',
    path: `${path}/undo.csv`,
    operation: 'imports.undo_report.get',
    errors: { 404: ['IMPORT_NOT_FOUND'] },
    summary: 'Get what the undo of an import left',
    description:
      'Row of the file, number of the customer, field (empty: the whole customer), reason. Empty before an undo, and from 7 days after the ' +
      'end of the import.',
    allow,
    kind: 'stream',
    params: ImportParams,
    responses: { 200: 'text/csv' },
    handle: async ({ db, actor: { company_id }, params: { import_id } }) => {
      await requireImport(db, company_id, import_id);
      return reply(200, Readable.from(undoCsv(db, company_id, import_id)), {
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': `attachment; filename="import-${import_id}-undo.csv"`,
      });
    },
  }),
];
