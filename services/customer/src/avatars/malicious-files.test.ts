import { fork, type ChildProcess } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnv, freePort, someRuns, testDatabase, type TestDatabase } from '@clientela/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  animatedPng,
  animatedWebp,
  decompressionBomb,
  jpegWithFalseSize,
  largestAllowedImage,
  sampleImage,
} from './testing/sample-images.ts';

// Runs the service as a separate process to measure its memory.

const key = 'k'.repeat(43);
const company_id = randomUUID();
const headers = {
  'X-Service-Key': key,
  'X-User-Id': randomUUID(),
  'X-User-Role': 'manager',
  'X-Company-Id': company_id,
  'X-Session-Id': randomUUID(),
};
const folder = mkdtempSync(join(tmpdir(), 'clientela-malicious-'));
let database: TestDatabase;
let running: ChildProcess;
let address: string;
let customer_id: string;

/** Returns the peak memory of the service in MB. */
const peakMemory = () =>
  new Promise<number>((resolve) => {
    running.once('message', (kilobytes: number) => resolve(kilobytes / 1024));
    running.send('memory');
  });

async function start(): Promise<void> {
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  const unreachable = 'http://127.0.0.1:9';
  const reportMemory = `process.on('message', () => process.send(process.resourceUsage().maxRSS))`;
  running = fork(join(import.meta.dirname, '../main.ts'), {
    execArgv: ['--import', `data:text/javascript,${encodeURIComponent(reportMemory)}`],
    env: {
      ...childEnv,
      CUSTOMER_PORT: String(port),
      CUSTOMER_DATABASE_URL: database.url,
      LOG_FORMAT: 'json',
      CUSTOMER_SERVICE_KEY: 'c'.repeat(43),
      CUSTOMER_SECRET: 's'.repeat(43),
      SERVICE_KEY_HASHES: `gateway=${createHash('sha256').update(key).digest('hex')}`,
      AUTH_SERVICE_URL: unreachable,
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
}

beforeAll(async () => {
  database = await testDatabase('customer');
  await start();
  customer_id = randomUUID();
  await database.owner('customers').insert({
    company_id,
    id: customer_id,
    full_name: 'Ana',
    full_name_built: false,
    preferences: {},
    search_text: 'ana',
  });
  await database.owner('customer_counters').insert({ company_id, customer_id, currency: 'EUR' });
});
afterAll(async () => {
  const ended = new Promise((resolve) => {
    running.once('exit', resolve);
  });
  running.kill('SIGTERM');
  await ended;
  await database.drop();
  rmSync(folder, { recursive: true });
});

async function upload(file: Buffer | string): Promise<[status: number, ...said: (string | undefined)[]]> {
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(Buffer.from(file))], { type: 'image/png' }), 'picture.png');
  const response = await fetch(`${address}/api/customers/${customer_id}/avatar`, {
    method: 'POST',
    headers,
    body: form,
  });
  const { error_code, errors } = (await response.json()) as { error_code?: string; errors?: { path: string }[] };
  return [response.status, error_code, ...(errors ?? []).map(({ path }) => path)];
}

const svg = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"><rect/></svg>';
const html = '<!doctype html><script>alert(1)</script>';
const cut = async (format: 'jpeg' | 'png' | 'webp', part: number) => {
  const whole = await sampleImage(format);
  return whole.subarray(0, Math.floor(whole.length * part));
};

const unsupported = [415, 'UNSUPPORTED_MEDIA_TYPE', 'file'] as const;
const invalidFile = [422, 'VALIDATION_FAILED', 'file'] as const;
const tooLarge = [413, 'PAYLOAD_TOO_LARGE'] as const;

/** Description, file and expected error. */
const maliciousFiles: [what: string, make: () => Promise<Buffer> | Buffer | string, expected: readonly unknown[]][] = [
  ['an SVG', () => svg, unsupported],
  ['an HTML page named .png', () => html, unsupported],
  ['an HTML page after the signature of a PNG', () => Buffer.concat([pngSignature, Buffer.from(html)]), invalidFile],
  ['an empty file', () => '', unsupported],
  ['a TIFF', () => sampleImage('tiff'), unsupported],
  ['a GIF', () => sampleImage('gif'), unsupported],
  ['an AVIF', () => sampleImage('avif', 64, 64), unsupported],
  ['a decompression bomb of 30,000 by 30,000 pixels', decompressionBomb, invalidFile],
  ['a JPEG that claims that size', jpegWithFalseSize, invalidFile],
  ['a JPEG cut in the middle', () => cut('jpeg', 0.5), invalidFile],
  ['a JPEG cut at its end', () => cut('jpeg', 0.98), invalidFile],
  ['a PNG cut in the middle', () => cut('png', 0.5), invalidFile],
  ['a WebP cut at its end', () => cut('webp', 0.98), invalidFile],
  ['an animated WebP', animatedWebp, invalidFile],
  ['an animated PNG', animatedPng, invalidFile],
  ['a byte more than 1 MiB', () => Buffer.alloc(1024 * 1024 + 1, 0xff), tooLarge],
  ['far more than 1 MiB', () => Buffer.alloc(4 * 1024 * 1024, 0xff), tooLarge],
];
const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

const made = new Map<string, Buffer | string>();
/** Makes a malicious file once, because some compress hundreds of megabytes. */
async function fileOf([what, make]: (typeof maliciousFiles)[number]): Promise<Buffer | string> {
  const file = made.get(what) ?? (await make());
  made.set(what, file);
  return file;
}

test.for(maliciousFiles)('rejects %s', async (malicious) => {
  const [, , expected] = malicious;
  expect(await upload(await fileOf(malicious))).toEqual(expected);
  const [row] = await database.owner('customers').select('avatar_url', 'version').where({ id: customer_id });
  expect(row).toEqual({ avatar_url: null, version: 1 });
  expect(readdirSync(folder)).toEqual([]);
  expect(await database.owner('avatar_deletions')).toEqual([]);
});

test('accepts a file of exactly 1 MiB', async () => {
  const small = await sampleImage('png', 64, 64);
  // Pads the file with a comment, which a decoder skips.
  const text = Buffer.alloc(1024 * 1024 - small.length - 12, 'x');
  text.write('Comment\0', 'latin1');
  const { crc32 } = await import('node:zlib');
  const named = Buffer.concat([Buffer.from('tEXt'), text]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  const full = Buffer.concat([small.subarray(0, 33), length, named, sum, small.subarray(33)]);
  expect(full.length).toBe(1024 * 1024);
  expect(await upload(full)).toEqual([200, undefined]);
});

/** How often each malicious file is sent; more often: malicious-files.large.test.ts. */
const rounds = someRuns(5, 1);

test('bounds memory through malicious and the largest allowed uploads, eight at a time', async () => {
  const files = await Promise.all(maliciousFiles.map(fileOf));
  const send = async (queue: (Buffer | string)[]) => {
    const statuses = new Set<number>();
    const sender = async () => {
      for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
        const [status] = await upload(file);
        if (status === 503) queue.push(file); // sent again, as clients do, because a busy machine rejects some
        else statuses.add(status);
      }
    };
    await Promise.all(Array.from({ length: 8 }, sender));
    return [...statuses].toSorted();
  };
  const times = (count: number) => Array.from({ length: count }, (_, index) => files[index % files.length] as Buffer);
  await send(times(files.length));
  const before = await peakMemory();
  expect(await send(times(rounds * files.length))).toEqual([413, 415, 422]);
  const after = await peakMemory();
  expect(after - before).toBeLessThan(100);
  const largest = largestAllowedImage();
  expect(largest.length).toBeLessThan(1024 * 1024);
  // A busy machine may take too long for one; the test is that two are never decoded at the same time.
  for (const status of await send(Array.from({ length: 2 }, () => largest))) expect([200, 422]).toContain(status);
  expect((await peakMemory()) - after).toBeLessThan(350);
}, 120_000);
