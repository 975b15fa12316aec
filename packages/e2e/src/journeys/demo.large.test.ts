import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { client, startTestFleet, type TestFleet, type TestResponse } from '../testing/test-fleet.ts';
import { demoClient, demoInstructions, mapConcurrently, readSettings, repoRoot, runDemo } from '@clientela/fleet';
import { freePort } from '@clientela/embedded-postgres';

const day = 86_400_000;
const run = promisify(execFile);
const script = join(repoRoot, 'packages/fleet/src/commands/demo.ts');

/** Runs the demo command. */
async function demo(
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  return run(process.execPath, [script, ...args], { env: { PATH: process.env['PATH'], ...env } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
  );
}

type DemoCustomer = { id: string; phone: string; tags: string[]; full_name: string; avatar_url: string | null };

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await startTestFleet();
});
afterAll(() => fleet.end());

test('creates a company with two years of demo data once, and says commands that show it', async () => {
  const steps: string[] = [];
  const installation = { folder: fleet.folder, settings: await readSettings({}) };
  const startTime = Date.now();
  const summary = await runDemo(fleet.url, installation, (line) => steps.push(line));
  expect(await runDemo(fleet.url, installation, (line) => steps.push(line))).toEqual(summary);
  expect(steps.at(-1)).toBe(`${summary.company} is there already`);
  const { email, password } = summary;
  const { access_token } = (await client(fleet.url).post('/auth/login', { email, password })).body;
  const vera = client(fleet.url, access_token);

  const counted = async (path: string) => (await vera.get(path)).body;
  expect((await counted('/api/customers?active_only=false')).total).toBe(2000);
  expect((await counted('/api/customers?status=suspended')).total).toBeGreaterThan(0);
  expect((await counted('/api/customers?search=健太')).customers[0]).toMatchObject({
    full_name: expect.stringMatching(/^\p{scx=Han}+ \p{scx=Han}+$/u),
    address: { country: 'JP' },
  });
  expect((await counted('/api/products')).total).toBe(12);
  expect((await counted('/api/products?type=service')).total).toBe(4);
  expect((await counted('/api/favorites')).count).toBe(500);
  const everybody = Array.from({ length: 20 }, (_, index) => index + 1).map((page) =>
    counted(`/api/customers?active_only=false&per_page=100&page=${page}`),
  );
  const customers: DemoCustomer[] = (await Promise.all(everybody)).flatMap((page) => page.customers);
  const kept = await mapConcurrently(
    customers,
    8,
    async ({ id }) => (await counted(`/api/customers/${id}/interactions`)).total,
  );
  expect(kept.reduce((sum, total) => sum + total, 0)).toBe(2000);
  const { total } = await counted('/api/transactions');
  const refunds = (await counted('/api/transactions?kind=refund')).total;
  expect(total).toBeGreaterThan(2600);
  expect(refunds).toBeGreaterThan(20);
  expect(customers.filter(({ avatar_url }) => avatar_url)).toHaveLength(250);
  const scripts = ['Latin', 'Cyrillic', 'Greek', 'Arabic', 'Hebrew', 'Han', 'Hiragana', 'Katakana', 'Hangul'];
  for (const script of scripts) {
    const pattern = new RegExp(`\\p{sc=${script}}`, 'u');
    expect(customers.filter(({ full_name }) => pattern.test(full_name)).length, script).toBeGreaterThan(10);
  }
  expect(customers.filter(({ tags }) => tags.length > 0)).toHaveLength(666);
  expect(customers.every(({ phone }) => /^\+\d{10,14}$/.test(phone))).toBe(true);

  await assertTwoYears(counted, summary.customer.id, startTime);
  const instructions = demoInstructions(fleet.url, summary);
  for (const text of [email, password]) expect(instructions).toContain(text);
  const lines = instructions.split('\n').filter((line) => /^ +(TOKEN=|curl )/.test(line));
  expect(lines).toHaveLength(6);
  const responses = await runInShell(lines);
  expect(responses).toMatchObject([
    { customers: expect.arrayContaining([expect.objectContaining({ firstname: 'Jürgen' })]), total: 15 },
    { customer: { firstname: 'Jürgen', tags: [expect.any(String), expect.any(String)] } },
    { notes: [{ content: expect.any(String) }], total: 1 },
    { total: 3 },
    { count: 2 },
  ]);
}, 240_000);

test('runs again, at the port in the settings', async () => {
  const again = spawn(process.execPath, [script], {
    env: { PORT: String(fleet.ports.gateway) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(again, 'exit');
  let output = '';
  for await (const chunk of again.stdout) {
    output += String(chunk);
    if (output.includes('2000 customers,')) again.kill(); // the rest is the same as the first time
  }
  await ended;
  expect(output).toMatch(
    /signed up \S+ with a company[^\n]*\n.* 4 colleagues[^\n]*\n.* 2000 customers, some with tags\n/,
  );
}, 240_000);

test('reports in one sentence that no fleet is running', async () => {
  const port = await freePort();
  const sentence = { code: 1, stdout: '', stderr: expect.stringMatching(/^\n[^\n]+\n$/) };
  const noResponse = await demo([`http://127.0.0.1:${port}`]);
  expect(noResponse).toMatchObject(sentence);
  expect(noResponse.stderr).toContain(`No response from http://127.0.0.1:${port}`);
  expect(await demo([`http://127.0.0.1:${fleet.ports.product}`])).toMatchObject(sentence);
  expect(await demo(['8080'])).toMatchObject(sentence);
});

test('retries 429 and 503, up to a limit', async () => {
  let calls = 0;
  let refusals = 2;
  const server = createServer((_request, response) => {
    calls += 1;
    const refused = calls <= refusals;
    response.writeHead(refused ? (calls === 1 ? 429 : 503) : 200, { 'Retry-After': '0' }).end('{"is":"there"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const send = demoClient(`http://127.0.0.1:${port}`);
  expect(await send('GET', '/')).toEqual({ is: 'there' });
  expect(calls).toBe(3);
  calls = 0;
  refusals = 100;
  await expect(send('POST', '/x', {})).rejects.toThrow('POST /x returned 503');
  expect(calls).toBe(6);
  server.close();
});

/** Runs printed commands in a shell, or sends the same requests on a machine without curl. @returns the response bodies */
async function runInShell(lines: readonly string[]): Promise<unknown[]> {
  const curl = await run('curl', ['--version']).then(
    () => true,
    () => false,
  );
  const look = lines.filter((line) => !line.includes('TOKEN=$('));
  if (curl) {
    const { stdout } = await run('sh', ['-c', lines.map((line) => `${line}\necho`).join('\n')]);
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown);
  }
  const [, url = '', body] = /curl -s (\S+) .* -d '([^']*)'/.exec(lines[0] ?? '') ?? [];
  const signedIn = await client(url).post('', body);
  return Promise.all(
    look.map(
      async (line) => (await client(/https?:[^\s']+/.exec(line)?.[0] ?? '', signedIn.body.access_token).get('')).body,
    ),
  );
}

/** Asserts that customers came and things happened all through two years, and that appointments are today and in the coming days. */
async function assertTwoYears(
  read: (path: string) => Promise<TestResponse['body']>,
  exampleId: string,
  startTime: number,
): Promise<void> {
  const yearsAgo = new Date(startTime - 731 * day).toISOString();
  const today = new Date(startTime).toISOString();
  for (const metric of ['customers', 'orders', 'complaints']) {
    const path = `/api/customers/analytics/series?metric=${metric}&interval=month&from=${yearsAgo}&to=${today}`;
    const values = (await read(path)).points.map(({ value }: { value: number | string }) => Number(value));
    expect(values.length, metric).toBeGreaterThanOrEqual(24);
    // Complaints are rare at first; else no month is empty but the two that are a part only, and none has more than a fifth.
    const empty = values.slice(1, -1).filter((value: number) => value === 0);
    expect(empty.length, `${metric}: ${values}`).toBeLessThanOrEqual(metric === 'complaints' ? 6 : 0);
    const sum = values.reduce((total: number, value: number) => total + value, 0);
    expect(Math.max(...values), `${metric}: ${values}`).toBeLessThan(sum / 5);
  }
  const newest = (await read('/api/customers?active_only=false&per_page=100')).customers;
  const numbers = newest.map(({ number }: { number: number }) => number);
  expect(numbers).toEqual(numbers.toSorted((one: number, other: number) => other - one));
  const { customer } = await read(`/api/customers/${exampleId}`);
  expect(customer.created_at < new Date(startTime - 600 * day).toISOString()).toBe(true);
  expect(customer.updated_at < new Date(startTime - 600 * day).toISOString()).toBe(true);
  const { timeline } = await read(`/api/customers/${exampleId}/timeline?per_page=100`);
  expect(timeline.length).toBeGreaterThanOrEqual(9);
  const isPossible = ({ occurred_at }: { occurred_at: string }) =>
    occurred_at >= customer.created_at && occurred_at < new Date().toISOString();
  expect(timeline.every(isPossible)).toBe(true);

  const at = (days: number) => new Date(new Date().setHours(24 * days, 0, 0, 0)).toISOString();
  for (const days of [0, 1, 2, 3, 4, 5]) {
    const { appointments } = await read(`/api/interactions/agenda?from=${at(days)}&to=${at(days + 1)}`);
    expect(appointments.length, `appointments in ${days} days`).toBeGreaterThan(0);
  }
}
