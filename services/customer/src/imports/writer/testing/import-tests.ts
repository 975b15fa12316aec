import { randomUUID } from 'node:crypto';
import { serviceTest, testSecret, type Company, type TestService, type TestUser } from '@clientela/testing';
import { createTestCustomer } from '../../../testing/test-customer.ts';
import { createFingerprinter } from '../../../tombstones/fingerprints.ts';
import type { SourceRecord } from '../../source-record.ts';
import { retryChunk } from '../retry.ts';
import type { ChunkResult, ImportContext } from '../schema.ts';
import { writeChunk } from '../write-chunk.ts';

type Fields = Record<string, unknown>;

/** Records of a file, numbered from row 2. */
export const recordsOf = (...fields: (Fields & { notes?: string[] })[]): SourceRecord[] =>
  fields.map(({ notes = [], ...values }, index) => ({ row: index + 2, fields: values, notes, remarks: [] }));

/** An import of a company, without a file. */
export type TestImport = {
  context: ImportContext;
  write: (...fields: (Fields & { notes?: string[] })[]) => Promise<ChunkResult>;
  writeRecords: (records: SourceRecord[]) => Promise<ChunkResult>;
};

export function testImport(
  service: TestService,
  company: Company,
  admin: TestUser,
  options: Partial<ImportContext> = {},
): TestImport {
  const context: ImportContext = {
    actor: { id: admin.user_id, company_id: company.id, request_id: 'import-request-1' },
    company,
    import_id: randomUUID(),
    match_on: 'email',
    on_match: 'skip',
    dry_run: false,
    fingerprints: createFingerprinter(testSecret),
    columns: {},
    ...options,
  };
  const writeRecords = (records: SourceRecord[]) =>
    retryChunk(service.database.db, (tx) => writeChunk(tx, context, records));
  return { context, writeRecords, write: (...fields) => writeRecords(recordsOf(...fields)) };
}

/** Tests of the writer: an import of the test's company by its admin. */
export const importTest = (pool = 1) =>
  serviceTest(() => createTestCustomer({ pool })).extend(
    'startImport',
    ({ service, company, admin }) =>
      (options: Partial<ImportContext> = {}) =>
        testImport(service, company, admin, options),
  );
