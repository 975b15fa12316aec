import type { Db } from '@clientela/db';
import type { CompanyClient } from '@clientela/http';
import type { Log } from '@clientela/runtime';
import { importHandler } from './imports/run-import.ts';
import { type ImportStorage } from './imports/settings.ts';
import { undoHandler } from './imports/undo/run-undo.ts';
import type { ImportSource } from './imports/vaptekesync/settings.ts';
import type { JobHandlers } from './jobs/job-handler.ts';
import type { Fingerprinter } from './tombstones/fingerprints.ts';

/** What the handlers need: jobs-main.ts opens it, tests replace it. */
export type JobDeps = {
  db: Db;
  log: Log;
  companies: CompanyClient;
  fingerprints: Fingerprinter;
  importStorage: ImportStorage;
  importSource?: ImportSource | undefined;
};

/** Lists the handler of each kind of job. */
export const jobHandlers = (deps: JobDeps): JobHandlers => ({
  'customers.import': importHandler(deps),
  'customers.import.undo': undoHandler(deps),
});
