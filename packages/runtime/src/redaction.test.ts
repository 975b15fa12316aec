import { Writable } from 'node:stream';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createLog, type Log } from './log.ts';
import { sensitiveKeys } from './redaction.ts';

const canary = 'canary-7f3a';
const redact = ['email', 'first_name', 'password_hash'];

/** Captures log lines. */
function captureLog(write: (log: Log) => void): { text: string; lines: Record<string, unknown>[] } {
  let text = '';
  const out = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  write(createLog('auth', 'debug', { redact, out }));
  const lines = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { text, lines };
}

describe('a log line', () => {
  test('has the time to the millisecond, whatever the clock does', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const times = ['12:00:00.999', '12:00:01.000', '12:00:01.007', '12:00:09.050', '11:59:59.999'].map(
      (time) => `2026-11-28T${time}Z`,
    );
    const { lines } = captureLog((log) => {
      for (const time of times) {
        vi.setSystemTime(time);
        log.info('a line');
      }
    });
    expect(lines.map(({ time }) => time)).toEqual(times);
  });

  test('redacts values under personal and sensitive names, at any depth and in any spelling', () => {
    for (const name of [...redact, ...sensitiveKeys]) {
      const camel = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
      for (const key of [name, camel, name.toUpperCase(), name.replaceAll('_', '-')]) {
        const nested = { [key]: canary };
        const { text, lines } = captureLog((log) => {
          log.info(nested);
          log.warn({ found: { some: { deep: { deeper: [[nested], { also: nested }] } } } }, 'deep');
          log.info({ them: new Map([['one', nested]]), those: new Set([nested]), that: { toJSON: () => nested } });
          log.info({ [key]: { first: canary, all: [canary] } });
          log.child({ of: nested }).info('a child');
          log.info('value: %o and %j', nested, { nested });
          log.info({ status: 200 }, 'value: %j', nested);
        });
        expect(lines, key).toHaveLength(7);
        expect(text, key).not.toContain(canary);
      }
    }
  });

  test('reduces errors to type, code and message, wherever they are', () => {
    const databaseError = (cause?: unknown) =>
      Object.assign(
        new Error(
          `insert into users (email) values ('${canary}') - duplicate key value violates unique constraint "u"`,
          {
            cause,
          },
        ),
        { code: '23505', detail: `Key (email)=(${canary}) already exists.`, email: canary, parameters: [canary] },
      );
    const unreadable = Object.assign(new Error(`invalid input syntax for type uuid: "${canary}"`), { code: '22P02' });
    const notJson = (() => {
      try {
        return JSON.parse(`{"a": ${canary}}`) as never;
      } catch (error) {
        return error as Error;
      }
    })();
    const { text, lines } = captureLog((log) => {
      for (const error of [databaseError(), databaseError(databaseError({ email: canary })), unreadable, notJson]) {
        log.error({ err: error }, 'failed');
        log.error({ err: error });
        log.error(error);
        log.error({ failed: [{ error }], reasons: new Error('outside', { cause: error }) });
        log.error('value: %o', error);
      }
      log.error({ err: { email: canary } });
    });
    expect(lines).toHaveLength(21);
    expect(text).not.toContain(canary);
    expect(lines[0]).toMatchObject({
      err: {
        type: 'Error',
        code: '23505',
        message: 'duplicate key value violates unique constraint "u"',
        stack: expect.stringContaining('redaction.test'),
      },
      msg: 'failed',
    });
    expect(lines[2]).toMatchObject({
      err: { code: '23505' },
      msg: 'duplicate key value violates unique constraint "u"',
    });
    expect(lines[6]).toMatchObject({ err: { cause: { code: '23505' } } });
    expect(lines[10]).toMatchObject({ err: { message: 'invalid input syntax for type uuid: "…"' } });
  });

  test('keeps other fields', () => {
    const request = { request_id: 'abcdefgh', method: 'GET', route: '/api/customers/{id}', status: 200, ms: 1.2 };
    const fields = {
      actor_id: 'a',
      company_id: 'c',
      failure: 'timed out',
      cut_off: true,
      email: null,
      nothing: undefined,
    };
    const at = new Date(0);
    const { lines } = captureLog((log) =>
      log.info({ ...request, ...fields, at, counts: { a: [1, 2, { b: true }] } }, 'logged'),
    );
    const line = { level: 'info', time: expect.any(String), service: 'auth', pid: process.pid, msg: 'logged' };
    const { nothing: _omitted, ...logged } = fields;
    expect(lines).toEqual([
      { ...line, ...request, ...logged, at: at.toISOString(), counts: { a: [1, 2, { b: true }] } },
    ]);
  });

  test('is bounded for any input', () => {
    const circular: Record<string, unknown> = { text: 'x'.repeat(100_000) };
    circular['self'] = [circular, circular, circular];
    const first = new Error('the first');
    const last = new Error('the last', { cause: first });
    first.cause = last;
    const throwing = {
      get value(): never {
        throw new Error(canary);
      },
    };
    const { text, lines } = captureLog((log) => {
      log.info({ circular, wide: Array.from({ length: 100_000 }, (_, n) => ({ n })) });
      log.info({ err: last }, 'a cause of its own cause');
      log.info({ throwing, bytes: Buffer.alloc(100_000), call: () => canary, text: 'x'.repeat(100_000) });
    });
    expect(lines).toHaveLength(3);
    expect(text.length).toBeLessThan(40_000);
    expect(text).not.toContain(canary);
  });
});
