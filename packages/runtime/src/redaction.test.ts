import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLog, type Log } from './log.ts';
import { sensitiveKeys, personalColumns } from './redacted-names.ts';

const canary = 'canary-7f3a';

/** What a program would write, line by line. */
function logged(write: (log: Log) => void): { text: string; lines: Record<string, unknown>[] } {
  let text = '';
  const out = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  write(createLog('auth', 'debug', out));
  const lines = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { text, lines };
}

describe('a line of log', () => {
  test('says nothing under the name of a personal or sensitive column, at whatever depth and however the name is written', () => {
    for (const name of [...personalColumns, ...sensitiveKeys]) {
      const camel = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
      for (const key of [name, camel, name.toUpperCase(), name.replaceAll('_', '-')]) {
        const held = { [key]: canary };
        const { text, lines } = logged((log) => {
          log.info(held);
          log.warn({ found: { some: { deep: { deeper: [[held], { also: held }] } } } }, 'deep');
          log.info({ them: new Map([['one', held]]), those: new Set([held]), that: { toJSON: () => held } });
          log.info({ [key]: { first: canary, all: [canary] } });
          log.child({ of: held }).info('a child');
          log.info('put in: %o and %j', held, { held });
          log.info({ status: 200 }, 'put in: %j', held);
        });
        expect(lines, key).toHaveLength(7);
        expect(text, key).not.toContain(canary);
      }
    }
  });

  test('tells errors by name, code and sentence, with nothing that they carry along, wherever they are', () => {
    const refused = (cause?: unknown) =>
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
    const { text, lines } = logged((log) => {
      for (const error of [refused(), refused(refused({ email: canary })), unreadable, notJson]) {
        log.error({ err: error }, 'told');
        log.error({ err: error });
        log.error(error);
        log.error({ failed: [{ error }], reasons: new Error('outside', { cause: error }) });
        log.error('put in: %o', error);
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
      msg: 'told',
    });
    expect(lines[2]).toMatchObject({
      err: { code: '23505' },
      msg: 'duplicate key value violates unique constraint "u"',
    });
    expect(lines[6]).toMatchObject({ err: { cause: { code: '23505' } } });
    expect(lines[10]).toMatchObject({ err: { message: 'invalid input syntax for type uuid: "…"' } });
  });

  test('keeps what it is for', () => {
    const request = { request_id: 'abcdefgh', method: 'GET', route: '/api/customers/{id}', status: 200, ms: 1.2 };
    const who = { actor_id: 'a', company_id: 'c', fault: 'late', cut_off: true, email: null, nothing: undefined };
    const at = new Date(0);
    const { lines } = logged((log) => log.info({ ...request, ...who, at, counts: { a: [1, 2, { b: true }] } }, 'said'));
    const line = { level: 'info', time: expect.any(String), service: 'auth', pid: process.pid, msg: 'said' };
    const { nothing: _unsaid, ...said } = who;
    expect(lines).toEqual([{ ...line, ...request, ...said, at: at.toISOString(), counts: { a: [1, 2, { b: true }] } }]);
  });

  test('ends, whatever it is given', () => {
    const round: Record<string, unknown> = { text: 'x'.repeat(100_000) };
    round['self'] = [round, round, round];
    const first = new Error('the first');
    const last = new Error('the last', { cause: first });
    first.cause = last;
    const spiteful = {
      get value(): never {
        throw new Error(canary);
      },
    };
    const { text, lines } = logged((log) => {
      log.info({ round, wide: Array.from({ length: 100_000 }, (_, n) => ({ n })) });
      log.info({ err: last }, 'a cause of its own cause');
      log.info({ spiteful, bytes: Buffer.alloc(100_000), call: () => canary, text: 'x'.repeat(100_000) });
    });
    expect(lines).toHaveLength(3);
    expect(text.length).toBeLessThan(40_000);
    expect(text).not.toContain(canary);
  });
});
