import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { banner, repoRoot } from '@clientela/fleet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openShell, type Shell } from '../testing/shell.ts';
import { fleetTest } from '../testing/test-fleet.ts';

type Block = { language: string; text: string };

/** The fenced blocks of a Markdown text, in order. */
const blocksOf = (markdown: string): Block[] =>
  [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({ language, text }));
const page = (name: string) => readFileSync(join(repoRoot, 'docs', name), 'utf8');

/** Turns what a page shows into a matcher: `…` stands for any value. */
function shown(value: unknown): unknown {
  if (value === '…') return expect.anything();
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  return expect.objectContaining(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shown(item)])));
}

/** Reads the last response of an output, which ends with a line feed. */
function lastResponse(output: string): unknown {
  expect(output).toMatch(/\}\n$/);
  return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '');
}

let url: string;
let authLog: string;
let folder: string;
let shell: Shell;
fleetTest.beforeAll(({ defaultFleet }) => {
  ({ url } = defaultFleet);
  authLog = defaultFleet.logPath('auth');
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'first-steps-'));
  shell = openShell(folder);
});
afterEach(() => {
  shell.close();
  rmSync(folder, { recursive: true });
});

test('each of the lines that `npm start` prints works when pasted: the third makes a customer, the fourth lists it', async () => {
  const lines = banner(url)
    .split('\n')
    .filter((line) => line.startsWith('  '));
  expect(lines).toHaveLength(4);
  const outputs: string[] = [];
  for (const line of lines) outputs.push(await shell.run(line));
  const [registered = '', token, created = '', listed = ''] = outputs;
  expect(lastResponse(registered)).toMatchObject({ user: { role: 'admin' } });
  expect(token).toBe('');
  expect(lastResponse(created)).toMatchObject({ customer: { full_name: 'Émile Zola' } });
  expect(lastResponse(listed)).toMatchObject({ customers: [{ full_name: 'Émile Zola' }], total: 1 });
});

test('first-steps.md and the receipt section of operations.md work when pasted', { timeout: 120_000 }, async () => {
  const unique = randomUUID().slice(0, 8);
  // The fleet runs on another port, and its users are those of other tests too.
  const adapted = (text: string) =>
    text
      .replaceAll('http://127.0.0.1:8080', url)
      .replaceAll('ana@example.com', `ana-${unique}@example.com`)
      .replaceAll('vera@example.com', `vera-${unique}@example.com`)
      .replaceAll('eva@example.com', `eva-${unique}@example.com`)
      .replaceAll('"username":"vera"', `"username":"vera-${unique}"`);
  const blocks = blocksOf(page('first-steps.md'));
  expect(blocks.filter(({ language }) => language === 'sh')).toHaveLength(11);
  let commands = '';
  let output = '';
  for (const { language, text } of blocks) {
    if (language === 'sh') {
      commands = adapted(text);
      output = await shell.run(commands);
      continue;
    }
    const last = commands.trimEnd().split('\n').at(-1) ?? '';
    // Counters follow the event of an order, which takes longer on a busy machine.
    for (let tries = 0; last.includes('/stats') && !output.includes('"total_orders":1') && tries < 50; tries += 1) {
      await sleep(200);
      output = await shell.run(last);
    }
    expect(lastResponse(output), commands).toEqual(shown(JSON.parse(text)));
  }

  const section =
    page('operations.md')
      .split(/^## /m)
      .find((part) => part.startsWith('Verifying a receipt')) ?? '';
  const [commandsBlock, script] = blocksOf(section);
  expect([commandsBlock?.language, script?.language]).toEqual(['sh', 'js']);
  writeFileSync(join(folder, 'verify-receipt.mjs'), script?.text ?? '');
  const customer = (await shell.run('echo "$CUSTOMER"')).trim();
  expect(await shell.run(adapted(commandsBlock?.text ?? ''))).toContain(`customer_id: '${customer}'`);
  const { receipt, jws } = JSON.parse(readFileSync(join(folder, 'receipt.json'), 'utf8')) as {
    receipt: { business_id: string; company_id: string; services: Record<string, { table: string }[]>[] };
    jws: string;
  };
  expect(receipt.business_id).toBe(receipt.company_id);
  for (const { erased = [], anonymised = [], kept = [] } of receipt.services)
    for (const lines of [erased, anonymised, kept])
      expect(new Set(lines.map(({ table }) => table)).size).toBe(lines.length);

  const [header, , signature] = jws.split('.');
  const forged = Buffer.from(JSON.stringify({ ...receipt, services: [] })).toString('base64url');
  writeFileSync(join(folder, 'receipt.json'), JSON.stringify({ jws: `${header}.${forged}.${signature}` }));
  const verify = () => execFileSync(process.execPath, ['verify-receipt.mjs'], { cwd: folder, stdio: 'pipe' });
  expect(verify).toThrow(/The receipt is not genuine/);
});

test('the gateway’s poll of auth, once a second, leaves no line in its log', async () => {
  await sleep(1500);
  const log = readFileSync(authLog, 'utf8');
  expect(log).toContain('/auth/register');
  expect(log).not.toMatch(/"route":"\/internal\/revocations","status":200/);
});
