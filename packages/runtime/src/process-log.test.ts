import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';

/** Runs a process that writes one line to its log. @returns its standard output */
function logged(settings: Record<string, string>): string {
  const script = `
    import { openLog, logSettings } from './src/index.ts';
    import { z } from 'zod';
    const { log, close } = openLog('gateway', z.object(logSettings).parse(${JSON.stringify(settings)}), { redact: ['email'] });
    log.info({ route: '/api/customers', status: 200, email: 'canary@example.com' }, 'request');
    log.info({ method: 'GET', route: '/api/customers/{id}', status: 200, ms: 3.1, request_id: 'the-request' });
    log.error({ err: new Error('the reason') }, 'unexpected error');
    await close();`;
  const cwd = new URL('..', import.meta.url);
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd, encoding: 'utf8' });
}

test('lines are for people in development and JSON in production, redacted in both', () => {
  const production = logged({ ENVIRONMENT: 'production' });
  const request = production.split('\n').find((line) => line.includes('"msg":"request"'));
  expect(JSON.parse(request ?? '')).toMatchObject({ level: 'info', service: 'gateway', status: 200, msg: 'request' });
  const development = logged({}); // the order of the last lines of a process is not certain
  expect(development).toMatch(
    /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] INFO: \/api\/customers 200 request \{"email":"\[redacted\]"\}$/m,
  );
  expect(development).toMatch(/\] INFO: GET \/api\/customers\/\{id\} 200 3\.1 ms \{"request_id":"the-request"\}$/m);
  expect(development).toMatch(/\] ERROR: unexpected error[^]*the reason/);
  for (const line of [production, development]) expect(line).not.toContain('canary');
});

test.for([
  ['the process exits', 'process.exit(0)'],
  ['an uncaught exception ends it', 'setTimeout(() => { throw new Error("uncaught") })'],
])('no line is lost when %s', ([_when, end]) => {
  const script = `
    import { openLog, logSettings } from './src/index.ts';
    import { z } from 'zod';
    const { log } = openLog('auth', z.object(logSettings).parse({ LOG_FORMAT: 'json' }), { redact: [] });
    for (let line = 0; line < 100; line += 1) log.info({ line }, 'request');
    ${end};`;
  const cwd = new URL('..', import.meta.url);
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd, encoding: 'utf8' });
  // What is written at the exit may precede a write that was in progress.
  expect(linesOf(stdout).toSorted((a, b) => a - b)).toEqual(all);
});

test.for([
  ['', 'for (let line = 0; line < 100; line += 1) log.info({ line }); log.error({ line: 100 })'],
  [', also while other lines are being written', `log.info('long '.repeat(1000)); log.error({ line: 100 })`],
])('an error is written at once, after earlier lines%s', async ([, logging]) => {
  // Without timers nothing else would write it.
  const script = `
    globalThis.setTimeout = () => ({ unref() {} });
    import { openLog, logSettings } from './src/index.ts';
    import { z } from 'zod';
    const { log } = openLog('auth', z.object(logSettings).parse({ LOG_FORMAT: 'json' }), { redact: [] });
    process.stdin.resume();
    ${logging};`;
  const cwd = new URL('..', import.meta.url);
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd, stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  await expect.poll(() => stdout).toMatch(/"level":"error".*"line":100.*\n$/);
  expect(linesOf(stdout)).toEqual(logging?.startsWith('for') ? [...all, 100] : [100]);
});

const all = Array.from({ length: 100 }, (_, line) => line);
const linesOf = (stdout: string): number[] =>
  stdout
    .trim()
    .split('\n')
    .flatMap((text) => (JSON.parse(text) as { line?: number }).line ?? []);
