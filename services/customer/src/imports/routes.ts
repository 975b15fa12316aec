import { Readable } from 'node:stream';
import { invalid } from '@clientela/errors';
import { reply, route, type CompanyClient, type FormUpload, type Route } from '@clientela/http';
import { requireCompany } from '../customers/company.ts';
import { cancelImport, createImport, requireImport, type SourceOfImport } from './actions.ts';
import { errorsCsv } from './errors-csv.ts';
import { parseFields, toOptions } from './options.ts';
import { progressEvents } from './progress-events.ts';
import {
  ImportOptionsQuery,
  ImportPage,
  ImportParams,
  ImportQuery,
  ImportResponse,
  NewImport,
  SavedImportResponse,
} from './schema.ts';
import { largestUpload, type ImportStorage } from './settings.ts';
import { listImports } from './store.ts';
import { removeUpload, storeUpload } from './uploads.ts';
import { requireSource, sourceDryRun, sourceImportOptions } from './vaptekesync/outcome.ts';
import type { ImportSource } from './vaptekesync/settings.ts';

const path = '/api/customers/imports';
const allow = 'customers:import';

export type ImportDeps = {
  companies: CompanyClient;
  importStorage: ImportStorage;
  /** The outside source; undefined when none is configured. */
  importSource: ImportSource | undefined;
  /** Aborts when the service stops, so that event streams end. */
  stopping?: AbortSignal | undefined;
};

export const importRoutes = ({ companies, importStorage, importSource, stopping }: ImportDeps): Route[] => [
  route({
    method: 'post',
    path,
    operation: 'imports.start',
    errors: {
      404: ['COMPANY_NOT_FOUND'],
      409: ['IMPORT_IN_PROGRESS', 'TOO_MANY_JOBS'],
      422: ['IMPORT_FILE_UNREADABLE'],
      429: ['TOO_MANY_AT_ONCE'],
      503: ['IMPORT_SOURCE_NOT_CONFIGURED', 'IMPORT_STORAGE_FULL'],
    },
    summary: 'Import customers',
    description:
      'A form with one file, named `file`: CSV or TSV, JSON lines, or vCard; its other fields are the options, which may be query ' +
      'parameters instead. Or JSON with `source`. Encoding, separator and columns are detected. The import runs as a job of the same id: ' +
      'it survives restarts. `match_on` (default email) finds the customers that exist, ' +
      '`on_match` skips (default) or updates them. `dry_run` reports the same and changes nothing. An Idempotency-Key refers to the ' +
      'content of the file.',
    allow,
    kind: 'form',
    bodyLimit: largestUpload,
    deadline: 3_600_000, // for the file; a client that stalls is cut off earlier
    query: ImportOptionsQuery,
    body: NewImport,
    example: { source: 'vaptekesync', dry_run: true },
    responses: { 202: SavedImportResponse },
    prepare: async ({ actor, query, body, upload, signal }) => {
      const { source: otherSource, ...choices } = body;
      if (!upload && otherSource === undefined) throw invalid([{ path: 'source', message: 'is required' }]);
      if (!upload && otherSource === 'file') throw invalid([{ path: 'file', message: 'is required, in a form' }]);
      const company = await requireCompany(companies, actor.company_id, { actor, signal });
      if (!upload) {
        requireSource(importSource);
        return { ...sourceImportOptions(sourceDryRun(toOptions(query, choices), { ...query, ...choices })), company };
      }
      toOptions(query, choices); // rejects what cannot be right before the file is read
      const upload_started_at = new Date();
      const file = await storeUpload(importStorage, actor.company_id, upload, signal);
      const options = await readOptions(query, upload).catch(async (error: unknown) => {
        await removeUpload(importStorage, actor.company_id, file);
        throw error;
      });
      const source: SourceOfImport = { source: 'file', file, upload_started_at };
      return { source, options, company };
    },
    handle: async ({ tx, actor, prepared }) =>
      reply(202, { message: 'Import queued', import: await createImport(tx, actor, prepared) }),
  }),
  route({
    method: 'get',
    path,
    operation: 'imports.list',
    summary: 'List imports',
    description: 'Newest first.',
    allow,
    tenancy: 'company-or-all',
    query: ImportQuery,
    responses: { 200: ImportPage },
    handle: async ({ db, scope, query }) => {
      const { rows: imports, ...page } = await listImports(db, scope, query);
      return { imports, ...page };
    },
  }),
  route({
    method: 'get',
    path: `${path}/{import_id}`,
    operation: 'imports.get',
    errors: { 404: ['IMPORT_NOT_FOUND'] },
    summary: 'Get an import',
    allow,
    params: ImportParams,
    responses: { 200: ImportResponse },
    isPolled: true,
    handle: async ({ db, actor, params }) => ({
      import: await requireImport(db, actor.company_id, params.import_id),
    }),
  }),
  route({
    method: 'get',
    path: `${path}/{import_id}/errors.csv`,
    operation: 'imports.errors.get',
    errors: { 404: ['IMPORT_NOT_FOUND'] },
    summary: 'Get the problems of an import',
    description:
      'Rows that were not imported, and values that were left out of imported rows, in the order of the file: row (as a spreadsheet ' +
      'counts it), column, reason. Without values of the file. Empty 7 days after the end of the import.',
    allow,
    kind: 'stream',
    params: ImportParams,
    responses: { 200: 'text/csv' },
    handle: async ({ db, actor: { company_id }, params: { import_id } }) => {
      await requireImport(db, company_id, import_id);
      return reply(200, Readable.from(errorsCsv(db, company_id, import_id)), {
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': `attachment; filename="import-${import_id}-errors.csv"`,
      });
    },
  }),
  route({
    method: 'get',
    path: `${path}/{import_id}/events`,
    operation: 'imports.follow',
    errors: { 404: ['IMPORT_NOT_FOUND'] },
    summary: 'Follow an import',
    description:
      'Server-sent events: `progress` with the import when it has changed, at most one a second; `end` with its last state, after which ' +
      'the stream ends.',
    allow,
    kind: 'stream',
    params: ImportParams,
    responses: { 200: 'text/event-stream' },
    handle: async ({ db, actor: { company_id }, params: { import_id } }) => {
      await requireImport(db, company_id, import_id);
      return reply(200, Readable.from(progressEvents(db, company_id, import_id, stopping)), {
        'Content-Type': 'text/event-stream; charset=utf-8',
        'X-Accel-Buffering': 'no', // nginx would hold events back
      });
    },
  }),
  route({
    method: 'post',
    path: `${path}/{import_id}/cancel`,
    operation: 'imports.cancel',
    errors: { 404: ['IMPORT_NOT_FOUND'], 409: ['JOB_ENDED'] },
    summary: 'Cancel an import',
    description:
      'A queued import is cancelled at once, a running one before its next chunk. What is imported stays, and can be undone. An import that ' +
      'is done or failed is a 409 JOB_ENDED.',
    allow,
    params: ImportParams,
    responses: { 200: SavedImportResponse },
    handle: async ({ tx, actor, params }) => ({
      message: 'Import cancelled',
      import: await cancelImport(tx, actor.company_id, params.import_id),
    }),
  }),
];

const readOptions = async (query: Parameters<typeof toOptions>[0], upload: FormUpload) =>
  toOptions(query, parseFields(await upload.fields()));
