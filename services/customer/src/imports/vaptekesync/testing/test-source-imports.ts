import { setTimeout as sleep } from 'node:timers/promises';
import type { TestUser } from '@clientela/testing';
import { hasUnfinishedJobs } from '../../../jobs/store.ts';
import { createTestImports, type TestImports } from '../../testing/test-imports.ts';
import type { ImportSource } from '../settings.ts';
import type { Oracle } from './source-table.ts';
import { sourceAt, tableHandler } from './source-databases.ts';
import { stubSqlServer, type StubHandler } from './stub-sql-server.ts';

export const legacyPath = '/grpc/v1/service/import_customers/';

export type TestSourceImports = TestImports & {
  /** The configured source, which a test may change: at first an empty table in the stub of SQL Server. */
  source: ImportSource;
  /** Lets the stub serve something else. */
  serve: (handler: StubHandler) => void;
  /** Calls the legacy route, and runs the job meanwhile. */
  importNow: (by: TestUser, method?: 'get' | 'post') => Promise<{ status: number; body: Record<string, never> }>;
  /** Waits until a job is queued. */
  jobQueued: () => Promise<void>;
};

/** Starts the customer service with a source of customers. */
export async function createTestSourceImports(): Promise<TestSourceImports> {
  let handler = tableHandler([]);
  const stub = await stubSqlServer((statement) => handler(statement), { login: ['sync', 'secret'] });
  const source = sourceAt(`mssql://sync:secret@127.0.0.1:${stub.port}/vAptekeSync`, 'mssql');
  const service = await createTestImports({ pool: 4, importSource: source, maxBytes: 1024 ** 3 });
  const { db } = service.database;
  const jobQueued = async () => {
    while (!(await hasUnfinishedJobs(db))) await sleep(10);
  };
  return {
    ...service,
    source,
    serve: (next) => void (handler = next),
    jobQueued,
    importNow: async (by, method = 'get') => {
      const response = by[method](legacyPath).then(({ status, body }) => ({ status, body }));
      await Promise.race([jobQueued(), response]);
      await service.runJobs();
      return response;
    },
    close: async () => {
      await service.close();
      await stub.close();
    },
  };
}

/** Reads a company's undeleted customers by the last ten digits of their phones, as an oracle describes them. */
export async function importedCustomers(service: TestImports, company_id: string): Promise<Oracle['customers']> {
  const rows = (await service.database
    .owner('customers')
    .select('phone', 'external_id', 'number', 'firstname', 'email', 'created_at', 'updated_at')
    .where({ company_id })
    .whereNull('deleted_at')) as Record<string, string>[];
  return new Map(
    rows.map(
      ({ phone = '', external_id: ID = '', firstname = null, email = null, created_at = '', updated_at = '' }) => {
        // Both are the time of the import when the source has none.
        const seconds = created_at === updated_at ? null : Date.parse(created_at) / 1000;
        return [phone.slice(2), { ID, firstname, email, created_at: seconds }];
      },
    ),
  );
}
