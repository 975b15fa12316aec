import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testSecret, type TestService, type TestUser } from '@clientela/testing';
import { createLog } from '@clientela/runtime';
import { jobHandlers } from '../../job-handlers.ts';
import type { JobHandlers } from '../../jobs/job-handler.ts';
import { drainJobs } from '../../jobs/testing/drain-jobs.ts';
import { createTestCustomer } from '../../testing/test-customer.ts';
import { createFingerprinter } from '../../tombstones/fingerprints.ts';
import type { Import } from '../schema.ts';
import type { ImportStorage } from '../settings.ts';

export type TestImports = TestService & {
  importStorage: ImportStorage;
  /** Runs all queued jobs in this process. */
  runJobs: () => Promise<void>;
  handlers: JobHandlers;
  /** The stored files of a company. */
  files: (company_id: string) => string[];
};

/** Starts the customer service with a folder for uploads. */
export async function createTestImports(
  options: Parameters<typeof createTestCustomer>[0] & { maxBytes?: number } = {},
): Promise<TestImports> {
  const { maxBytes = 10 * 1024 ** 2, ...others } = options;
  const importStorage = { folder: mkdtempSync(join(tmpdir(), 'clientela-imports-')), maxBytes };
  const service = await createTestCustomer({ ...others, importStorage });
  const { db } = service.database;
  const handlers = jobHandlers({
    db,
    importStorage,
    importSource: others.importSource,
    fingerprints: createFingerprinter(testSecret),
    log: createLog('test', 'silent', { redact: [] }),
    companies: async () => undefined,
  });
  return {
    ...service,
    importStorage,
    handlers,
    runJobs: () => drainJobs(db, handlers),
    files: (company_id) => {
      const folder = join(importStorage.folder, company_id);
      return existsSync(folder) ? readdirSync(folder) : [];
    },
    close: async () => {
      await service.close();
      rmSync(importStorage.folder, { recursive: true });
    },
  };
}

type Options = { name?: string; fields?: Record<string, string>; key?: string; query?: string };

/** Uploads a file. The fields come behind it. */
export function upload(by: TestUser, content: string | Buffer, options: Options = {}) {
  const { name = 'customers.csv', fields = {}, key, query = '' } = options;
  const request = by.post(`/api/customers/imports${query}`).attach('file', Buffer.from(content as string), name);
  if (key !== undefined) void request.set('Idempotency-Key', key);
  for (const [field, value] of Object.entries(fields)) void request.field(field, value);
  return request;
}

export const getImport = async (by: TestUser, id: string): Promise<Import> =>
  (await by.get(`/api/customers/imports/${id}`).expect(200)).body.import;

/** Uploads a file, runs its job, and returns the import as it ended. */
export async function runImport(
  service: TestImports,
  by: TestUser,
  content: string | Buffer,
  options: Options = {},
): Promise<Import> {
  const { body } = await upload(by, content, options).expect(202);
  await service.runJobs();
  return getImport(by, body.import.id);
}

/** Reads the errors file as lines of row, column and reason. */
export const getErrors = async (by: TestUser, id: string): Promise<string[]> =>
  (await by.get(`/api/customers/imports/${id}/errors.csv`).expect(200)).text.split('\r\n').slice(1, -1);
