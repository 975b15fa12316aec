import { Readable } from 'node:stream';
import type { Db } from '@clientela/db';
import type { ServiceOptions } from '@clientela/http';
import type { Listing } from '../lists/schema.ts';
import type { Column } from './columns.ts';
import type { Format } from './formats.ts';
import { createExportSlots } from './slots.ts';
import { openSnapshot, type Snapshot } from './store.ts';

type ExportRequest = {
  company_id: string;
  listing: Listing;
  columns: readonly Column[];
  signal: AbortSignal;
  request_id: string;
};

export type OpenExport = (format: Format, request: ExportRequest) => Promise<{ file: Readable; at: string }>;

/**
 * Creates a function that opens an export: `file` streams it, `at` is the moment whose rows it has. Its connection and its place are free
 * again when the stream is closed: at its end, when the client leaves, and at the deadline.
 */
export function createExports({ exportsDb, log }: { exportsDb: Db } & Pick<ServiceOptions, 'log'>): OpenExport {
  const takeSlot = createExportSlots();
  return async (format, { company_id, listing, columns, signal, request_id }) => {
    const freeSlot = takeSlot(company_id);
    const snapshot = await openSnapshot(exportsDb, { company_id }, listing).catch((error: unknown) => {
      freeSlot();
      throw error;
    });
    const file = Readable.from(textOf(format, columns, snapshot));
    file.once('close', () => void snapshot.close().finally(freeSlot));
    file.on('error', (error) => {
      if (!signal.aborted) log.warn({ request_id, err: error }, 'export failed');
    });
    if (signal.aborted) file.destroy();
    else signal.addEventListener('abort', () => file.destroy(), { once: true });
    return { file, at: snapshot.at };
  };
}

async function* textOf(format: Format, columns: readonly Column[], snapshot: Snapshot): AsyncGenerator<string, void> {
  yield format.head(columns);
  for await (const customers of snapshot.read()) yield format.body(columns, customers);
}
