import { fork, type ChildProcess } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, stubServer, testDatabase, type TestDatabase } from '@clientela/testing';
import type { Import } from '../schema.ts';

const key = 'k'.repeat(43);
const main = join(import.meta.dirname, '../../main.ts');

/** The customer service as real processes, which a test may kill: on Linux, since it finds the process of the jobs there. */
export type ServiceProcess = {
  database: TestDatabase;
  /** Uploads a file for a new company. */
  upload: (file: Blob) => Promise<{ company_id: string; id: string }>;
  importOf: (company_id: string, id: string) => Promise<Import>;
  errorsOf: (company_id: string, id: string) => Promise<string>;
  /** Kills the process of the jobs with SIGKILL. @returns whether there was one */
  killJobs: () => boolean;
  /** Kills the service with SIGKILL and starts it again; the process of the jobs ends with it. */
  killService: () => Promise<void>;
  /** Highest resident memory of the process of the jobs so far, in MB. */
  jobsMemory: () => number;
  close: () => Promise<void>;
};

export async function startServiceProcess(): Promise<ServiceProcess> {
  const database = await testDatabase('customer', { pool: 2 });
  const folder = mkdtempSync(join(tmpdir(), 'clientela-killed-'));
  const auth = await stubServer('auth');
  auth.respond((path) => {
    const id = path.split('/').at(-1) ?? '';
    return { status: 200, body: { id, company_id: 'COMP-001', status: 'active', country: 'ES', currency: 'EUR' } };
  });
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  let running: ChildProcess;
  let peak = 0;

  const start = async () => {
    const unreachable = 'http://127.0.0.1:9';
    running = fork(main, {
      env: {
        CUSTOMER_PORT: String(port),
        CUSTOMER_DATABASE_URL: database.url,
        LOG_FORMAT: 'json',
        CUSTOMER_SERVICE_KEY: 'c'.repeat(43),
        CUSTOMER_SECRET: 's'.repeat(43),
        SERVICE_KEY_HASHES: `gateway=${createHash('sha256').update(key).digest('hex')}`,
        AUTH_SERVICE_URL: auth.url,
        INTERACTION_SERVICE_URL: unreachable,
        FAVORITES_SERVICE_URL: unreachable,
        PRODUCT_SERVICE_URL: unreachable,
        AVATARS_FOLDER: folder,
        IMPORTS_FOLDER: folder,
      },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    await new Promise<void>((resolve, reject) => {
      running.once('exit', () => reject(new Error('the service does not start')));
      running.stdout?.on('data', (lines: Buffer) => lines.includes('"listening"') && resolve());
    });
  };
  const kill = async (signal: NodeJS.Signals) => {
    const ended = new Promise((resolve) => {
      running.once('exit', resolve);
    });
    running.kill(signal);
    await ended;
  };
  await start();

  const call = async (company_id: string, path: string, body?: FormData): Promise<Response> => {
    const response = await fetch(`${address}/api/customers/imports${path}`, {
      method: body ? 'POST' : 'GET',
      headers: {
        'X-Service-Key': key,
        'X-User-Id': randomUUID(),
        'X-User-Role': 'admin',
        'X-Company-Id': company_id,
        'X-Session-Id': randomUUID(),
      },
      ...(body && { body }),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return response;
  };
  const jobsPid = (): number | undefined => {
    const children = readFileSync(`/proc/${running.pid}/task/${running.pid}/children`, 'utf8').trim();
    return children === '' ? undefined : Number(children.split(' ')[0]);
  };

  return {
    database,
    upload: async (file) => {
      const company_id = randomUUID();
      const form = new FormData();
      form.set('file', file, 'people.csv');
      const body = (await (await call(company_id, '', form)).json()) as { import: Import };
      return { company_id, id: body.import.id };
    },
    importOf: async (company_id, id) =>
      ((await (await call(company_id, `/${id}`)).json()) as { import: Import }).import,
    errorsOf: async (company_id, id) => (await call(company_id, `/${id}/errors.csv`)).text(),
    killJobs: () => {
      const pid = jobsPid();
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      return pid !== undefined;
    },
    killService: async () => {
      await kill('SIGKILL');
      await start();
    },
    jobsMemory: () => {
      const pid = jobsPid();
      if (pid === undefined) return peak;
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        peak = Math.max(peak, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
      } catch {
        // It has ended meanwhile.
      }
      return peak;
    },
    close: async () => {
      await kill('SIGTERM');
      await auth.close();
      await database.drop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A file of people, some of whom are twice in it, have an invalid value, or no value at all. */
export function peopleFile(rows: number): Blob {
  const parts: string[] = ['Email,First name,Last name,Phone,Id,Tags,Notes\n'];
  for (let row = 0; row < rows; row += 1) {
    const email = row % 17 === 0 ? `p${row} at example.com` : `p${row % 19 === 0 ? row % 100 : row}@example.com`;
    parts.push(
      `${email},Ana${row},Pérez,${row % 3 === 0 ? '' : `+346${String(10_000_000 + row)}`},E-${row},"a,b${row % 7}",Note ${row}\n`,
    );
  }
  return new Blob(parts);
}

/** What an import made, in every column but those that differ between two equal imports. */
export async function stateOf(service: ServiceProcess, company_id: string, id: string) {
  const { owner } = service.database;
  const hash = async (sql: string) => (await owner.raw(sql, [company_id])).rows[0];
  const { read, created, updated, skipped, failed, warnings, status } = await service.importOf(company_id, id);
  return {
    counts: { status, read, created, updated, skipped, failed, warnings },
    customers: await hash(
      `select count(*)::int, md5(string_agg((to_jsonb(c) - '{company_id,id,number,version,created_at,updated_at,name_key}'::text[])::text, ',' order by external_id)) as hash
         from customers c where company_id = ?`,
    ),
    tags: await hash(
      `select count(*)::int, md5(string_agg(label || external_id, ',' order by external_id, label)) as hash
         from customer_tags t join customers c on c.company_id = t.company_id and c.id = t.customer_id where t.company_id = ?`,
    ),
    notes: await hash(
      `select count(*)::int, md5(string_agg(content || external_id, ',' order by external_id)) as hash
         from customer_notes n join customers c on c.company_id = n.company_id and c.id = n.customer_id where n.company_id = ?`,
    ),
    history: await hash(`select count(*)::int from customer_history where company_id = ?`),
    errors: (await service.errorsOf(company_id, id)).replaceAll(/number \d+/g, 'number N'),
  };
}
