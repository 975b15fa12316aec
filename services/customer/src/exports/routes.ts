import { reply, route, type Route } from '@clientela/http';
import { formats } from './formats.ts';
import type { OpenExport } from './open-export.ts';
import { ExportQuery } from './schema.ts';

const description =
  'All customers of the list by the same filters, search and sort, as they are at the moment of the request, however many there are. A ' +
  'response that is cut off is incomplete. A few exports run at the same time, at most two of a company; beyond, the response is a 503.';

const shared = {
  method: 'get',
  allow: 'customers:export',
  kind: 'stream',
  deadline: 30 * 60_000, // an open snapshot keeps PostgreSQL from removing old rows
  query: ExportQuery,
} as const;

/** Headers of a file; its name holds the moment, `customers-20261126-200009.csv`. */
const headersOf = (extension: keyof typeof formats, at: string) => ({
  'Content-Type': formats[extension].mediaType,
  'Content-Disposition': `attachment; filename="customers-${at.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}.${extension}"`,
});

export const exportRoutes = (openExport: OpenExport): Route[] => [
  route({
    ...shared,
    path: '/api/customers/export.csv',
    operation: 'customers.export_csv',
    summary: 'Export customers as CSV',
    description:
      `${description} RFC 4180 in UTF-8 with a byte order mark; the header has the names of the fields, such as \`address.city\`. Tags and ` +
      'metadata are JSON, null is an empty cell. A text that begins with =, +, -, @, a tab or an apostrophe has one more apostrophe before ' +
      'it, so that no spreadsheet runs it; an import of the file removes it.',
    responses: { 200: 'text/csv' },
    handle: async ({ actor, query: { columns, ...listing }, signal, request_id }) => {
      const { company_id } = actor;
      const { file, at } = await openExport(formats.csv, { company_id, listing, columns, signal, request_id });
      return reply(200, file, headersOf('csv', at));
    },
  }),
  route({
    ...shared,
    path: '/api/customers/export.jsonl',
    operation: 'customers.export_jsonl',
    summary: 'Export customers as JSON lines',
    description: `${description} One customer a line, as in the list.`,
    responses: { 200: 'application/x-ndjson' },
    handle: async ({ actor, query: { columns, ...listing }, signal, request_id }) => {
      const { company_id } = actor;
      const { file, at } = await openExport(formats.jsonl, { company_id, listing, columns, signal, request_id });
      return reply(200, file, headersOf('jsonl', at));
    },
  }),
];
