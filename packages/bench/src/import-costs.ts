import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { connect, type Db, type Statement, type Tx } from '@clientela/db';
import { repoRoot } from '@clientela/fleet';
import { cpuTime } from './cpu.ts';

/** CPU time of one part of an import, in microseconds a row. */
export type Cost = { part: string; microseconds: number };

type Records = AsyncIterable<{ fields: Record<string, unknown> }>;
type Prepared = { record?: object };

// Loads by path, because no package depends on a service.
const load = async <Module>(path: string) =>
  (await import(pathToFileURL(join(repoRoot, 'services/customer/src', path)).href)) as Module;

/** Measures the parts of an import one after the other, in this process, on the first rows of a file. */
export async function measureCosts(path: string, databaseUrl: string, rows: number): Promise<Cost[]> {
  const { analyzeFile } = await load<{ analyzeFile: (path: string, options: object) => Promise<object> }>(
    'imports/analyze-file.ts',
  );
  const { readRecords } = await load<{ readRecords: (path: string, analysis: object, options: object) => Records }>(
    'imports/read-records.ts',
  );
  const { prepareRecords } = await load<{ prepareRecords: (context: object, records: object[]) => Prepared[] }>(
    'imports/writer/prepare.ts',
  );
  const { searchColumns } = await load<{ searchColumns: (record: object) => object }>('customers/search.ts');
  const { NewCustomer } = await load<{ NewCustomer: { safeParse: (value: unknown) => unknown } }>(
    'customers/schema.ts',
  );
  const { createFingerprinter } = await load<{ createFingerprinter: (secret: string) => unknown }>(
    'tombstones/fingerprints.ts',
  );
  const { writePrepared } = await load<{
    writePrepared: (tx: Tx, context: object, records: Prepared[]) => Promise<unknown>;
  }>('imports/writer/write-chunk.ts');

  const signal = new AbortController().signal;
  const analysis = await analyzeFile(path, { country: 'ES', encoding: null, separator: null, mapping: null, signal });
  const records: { fields: Record<string, unknown> }[] = [];
  const costs: Cost[] = [];
  const cost = async (part: string, work: () => unknown) => {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    costs.push({ part, microseconds: (user + system) / rows });
  };
  await cost('parse and convert', async () => {
    for await (const record of readRecords(path, analysis, { country: 'ES', signal })) {
      records.push(record);
      if (records.length === rows) break;
    }
  });
  const context = {
    actor: { id: randomUUID(), company_id: randomUUID(), request_id: 'bench' },
    company: { country: 'ES', currency: 'EUR' },
    import_id: randomUUID(),
    match_on: 'email',
    on_match: 'skip',
    dry_run: false,
    fingerprints: createFingerprinter(randomBytes(32).toString('base64url')),
    columns: {},
  };
  let prepared: Prepared[] = [];
  await cost('prepare: schema, phone, compared forms', () => {
    prepared = prepareRecords(context, records);
  });
  await cost('  of it the schema', () => records.forEach(({ fields }) => void NewCustomer.safeParse(fields)));
  await cost('search columns', () => prepared.forEach(({ record }) => record && void searchColumns(record)));

  const statements = new Map<string, number>();
  let pid = 0;
  let last = 0;
  const onStatement = ({ sql }: Statement) => {
    if (pid === 0) return;
    const now = cpuTime(pid);
    const name = sql.replaceAll(/\s+/g, ' ').slice(0, 60);
    statements.set(name, (statements.get(name) ?? 0) + now - last);
    last = now;
  };
  const db: Db = connect(databaseUrl, { pool: 1, name: 'bench import costs', statementTimeout: 60_000, onStatement });
  try {
    const { rows: found } = await db.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
    pid = found[0]?.pid ?? 0;
    last = cpuTime(pid);
    await cost('write: SQL as JSON, and the driver, with the search columns', async () => {
      for (let start = 0; start < prepared.length; start += 500) {
        await db.transaction((tx) => writePrepared(tx, context, prepared.slice(start, start + 500)));
        await db.raw('select clean_search_index()');
      }
    });
  } finally {
    await db.destroy();
  }
  for (const [part, time] of [...statements].toSorted(([, a], [, b]) => b - a))
    if (time / rows >= 0.5) costs.push({ part: `PostgreSQL: ${part}`, microseconds: time / rows });
  return costs;
}
