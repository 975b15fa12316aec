import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { childEnv } from '@clientela/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatDuration, progressLine, summaryOf, type ImportState } from './progress.ts';

const command = resolve(import.meta.dirname, '../commands/import.ts');
const folder = mkdtempSync(join(tmpdir(), 'clientela-import-'));
const id = '0197c1a0-0000-7000-8000-000000000001';
const state = (values: Partial<ImportState>): ImportState => ({
  id,
  status: 'running',
  read: 10,
  created: 6,
  updated: 1,
  skipped: 1,
  failed: 2,
  warnings: 3,
  percent: 50,
  eta: null,
  error: null,
  left_behind: ['Score'],
  dry_run: false,
  ...values,
});

/** A gateway that keeps what it receives, and answers with these states in turn. */
let states: ImportState[] = [];
let role = 'admin';
let received: { path: string; body: string; authorization: string | undefined }[] = [];
const server = createServer((request, response) => void handle(request, response));
async function handle(request: IncomingMessage, response: ServerResponse) {
  received.push({
    path: `${request.method} ${request.url}`,
    body: await text(request),
    authorization: request.headers.authorization,
  });
  const path = request.url?.split('?')[0] ?? '';
  const send = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
  if (path === '/auth/login') send(200, { access_token: 'the-token' });
  else if (path === '/auth/me') send(200, { user: { role } });
  else if (path.endsWith('/errors.csv')) response.end('row,column,reason\r\n3,Mail,is not valid\r\n');
  else if (request.method === 'POST') send(202, { import: { id } });
  else send(200, { import: states.length > 1 ? states.shift() : states[0] });
}
let url = '';
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(join(folder, 'people.csv'), 'email\nana@example.com\n');
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

async function run(args: string[], interruptAfter?: () => boolean, program = command) {
  received = [];
  const child = spawn(process.execPath, [program, ...args, '--url', url], {
    cwd: folder,
    env: { ...childEnv, CLIENTELA_EMAIL: 'ana@example.com', CLIENTELA_PASSWORD: 'the-password' },
  });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const code = new Promise<number | null>((done) => child.once('exit', done));
  if (interruptAfter) {
    await expect.poll(interruptAfter, { timeout: 45_000 }).toBe(true);
    child.kill('SIGINT');
  }
  const [stdout, stderr] = await output;
  return { code: await code, stdout, stderr };
}

test('uploads the file with its options, and ends with a summary, the errors file and a code for failed rows', async () => {
  states = [state({}), state({ status: 'done', percent: 100 })];
  const { code, stdout } = await run(['people.csv', '--match-on', 'phone', '--dry-run']);
  expect(code).toBe(2);
  const upload = received.find(({ path }) => path === 'POST /api/customers/imports');
  expect(upload?.authorization).toBe('Bearer the-token');
  for (const part of [
    'name="match_on"\r\n\r\nphone',
    'name="dry_run"\r\n\r\ntrue',
    'filename="people.csv"',
    'ana@example.com',
  ])
    expect(upload?.body).toContain(part);
  expect(stdout).toContain('read 10 · created 6 · updated 1 · skipped 1 · failed 2 · warnings 3');
  expect(stdout).toContain('columns left behind: Score');
  expect(readFileSync(join(folder, `import-${id}-errors.csv`), 'utf8')).toContain('3,Mail,is not valid');
});

test('a failed import is code 3 with its reason; Ctrl-C leaves the job running and says how to follow it', async () => {
  states = [state({ status: 'failed', error: 'The file is an image (PNG)', failed: 0, warnings: 0 })];
  const failed = await run(['people.csv']);
  expect(failed).toMatchObject({ code: 3, stdout: expect.stringContaining('The file is an image (PNG)') });
  states = [state({})];
  const isFollowing = () => received.some(({ path }) => path === `GET /api/customers/imports/${id}`);
  const interrupted = await run(['--follow', id], isFollowing);
  expect(interrupted.code).toBe(130);
  expect(interrupted.stderr).toContain(`npm run import -- --follow ${id}`);
  expect(received.filter(({ path }) => path.startsWith('POST /api'))).toEqual([]);
});

test('a superuser must name a company; without a file the usage is printed', async () => {
  role = 'superuser';
  const without = await run(['people.csv']);
  expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('--company') });
  states = [state({ status: 'done', failed: 0, warnings: 0 })];
  expect(await run(['people.csv', '--company', 'COMP-001'])).toMatchObject({ code: 0 });
  expect(received.map(({ path }) => path)).toContain('POST /api/customers/imports?company_id=COMP-001');
  expect(await run([])).toMatchObject({ code: 1, stderr: expect.stringContaining('Usage: npm run import') });
});

test('starts an import from vAptekeSync and ends with its counts', async () => {
  role = 'admin';
  const source_counts = { read: 20, skipped: 7, duplicates: 3, invalid_emails: 2, emails_taken: 1 };
  states = [state({ status: 'done', failed: 0, warnings: 0, left_behind: [], source_counts })];
  const program = resolve(import.meta.dirname, '../commands/import-vaptekesync.ts');
  const { code, stdout } = await run(['--dry-run'], undefined, program);
  expect(code).toBe(0);
  const sent = received.find(({ path }) => path === 'POST /api/customers/imports');
  expect(JSON.parse(sent?.body ?? '')).toEqual({ source: 'vaptekesync', dry_run: true });
  expect(stdout).toContain('  duplicates: 3\n  invalid emails: 2\n  emails taken: 1');
});

test('shows rows, rate and the time that is left', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const line = progressLine(state({ eta: '2026-01-01T00:03:20Z', percent: 25, read: 2500 }), 1234.4, now);
  expect(line).toBe('██████░░░░░░░░░░░░░░░░░░  25 % · 2500 rows · 1234 rows/s · 3 min 20 s left');
  expect([0, 59.6, 3599, 7500].map(formatDuration)).toEqual(['0 s', '1 min 0 s', '59 min 59 s', '2 h 5 min']);
});

test('prints names of a hostile file without sequences that a terminal obeys', () => {
  const left_behind = ['\u001B]0;owned\u0007Score', '\u202Egnp.exe', 'a\nb', 'Оценка 😀'];
  const summary = summaryOf(state({ left_behind, error: 'No column is known: \u009B2J' }), 1, undefined);
  expect(summary).toContain('columns left behind: \uFFFD]0;owned\uFFFDScore, \uFFFDgnp.exe, a\uFFFDb, Оценка 😀');
  expect(summary).toContain('  No column is known: \uFFFD2J');
});
