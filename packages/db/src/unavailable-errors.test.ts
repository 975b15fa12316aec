import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net';
import { AppError, resourceErrorCodes, unavailable } from '@clientela/errors';
import { testDatabase } from '@clientela/testing';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { asUnavailable, connect, lookUp, type Db } from './index.ts';

const withCode = (code: string, message = 'something failed') => Object.assign(new Error(message), { code });

describe('a 503 with Retry-After', () => {
  const network = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'];
  const states = {
    'too many connections': '53300',
    'disk full': '53100',
    'out of memory': '53200',
    'configuration limit exceeded': '53400',
    'admin shutdown': '57P01',
    'crash shutdown': '57P02',
    'cannot connect now': '57P03',
    'database dropped': '57P04',
    'idle session timeout': '57P05',
    'statement timeout': '57014',
    'operator intervention': '57000',
    'input or output error': '58030',
    'missing file': '58P01',
    'connection exception': '08006',
    'protocol violation': '08P01',
    'read-only transaction': '25006',
    'idle in transaction': '25P03',
    'transaction timeout': '25P04',
    'serialization failure': '40001',
    'statement completion unknown': '40003',
    deadlock: '40P01',
    'lock not available': '55P03',
    'object in use': '55006',
    'wrong password of the service': '28P01',
    'missing role of the service': '28000',
    'missing database': '3D000',
  };
  const messages = [
    'timeout expired',
    'Query read timeout',
    'Connection terminated unexpectedly',
    'Connection terminated',
    'Connection ended unexpectedly',
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
    'timeout exceeded when trying to connect',
    'Knex: Timeout acquiring a connection. The pool is probably full. Are you missing a .transacting(trx) call?',
    'Unable to acquire a connection',
    'Defined query timeout of 1000ms exceeded when running query.',
    'The server does not support SSL connections',
    'aborted',
  ];
  const errors: [string, Error][] = [
    ...[...network, ...resourceErrorCodes].map((code): [string, Error] => [code, withCode(code)]),
    ...Object.entries(states).map(([name, code]): [string, Error] => [`${code}, ${name}`, withCode(code)]),
    ...messages.map((message): [string, Error] => [message, new Error(message)]),
    ['a resource as the cause', new Error('fetch failed', { cause: withCode('EMFILE') })],
  ];
  test.each(errors)('is the answer to %s', (_, error) => {
    expect(asUnavailable(error)).toMatchObject({
      kind: 'unavailable',
      headers: { 'Retry-After': expect.stringMatching(/^[1-9]/) },
      cause: error,
    });
  });

  test.each<[string, unknown]>([
    ['a unique violation', withCode('23505')],
    ['a syntax error', withCode('42601')],
    ['invalid input', withCode('22P02', 'invalid input syntax for type uuid: "SSL connection"')],
    ['an integrity violation at commit', withCode('40002')],
    ['a limit of a statement', withCode('54000')],
    ['corrupt data, which no repeat heals', withCode('XX001')],
    ['a missing file of ours', withCode('ENOENT')],
    ['an error that says what it is', unavailable('auth')],
    [
      'an error with such a cause that says what it is',
      new AppError('internal', { detail: '', cause: withCode('EMFILE') }),
    ],
    ['any other error', new Error('cannot read properties of undefined')],
    ['what is no error', 'timeout expired'],
  ])('is not the answer to %s', (_, error) => {
    expect(asUnavailable(error)).toBeUndefined();
  });
});

/** A server that accepts connections, passes them on while it runs, and is silent while it hangs. */
async function serverThatHangs(target?: string): Promise<{ url: string; hang: () => void; resume: () => void }> {
  const sockets = new Set<Socket>();
  let isHung = target === undefined;
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => {}).on('close', () => sockets.delete(client));
    if (isHung) return;
    const { port, hostname } = new URL(target ?? '');
    const upstream = connectSocket(Number(port), hostname).on('error', () => client.destroy());
    sockets.add(upstream);
    client.on('data', (chunk) => void (isHung || upstream.write(chunk)));
    upstream.on('data', (chunk) => void (isHung || client.write(chunk)));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = new URL(target ?? 'postgresql://a:b@127.0.0.1/c');
  url.port = String((server.address() as AddressInfo).port);
  return { url: url.href, hang: () => (isHung = true), resume: () => (isHung = false) };
}

const failure = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => 'success',
    (error: unknown) => asUnavailable(error)?.message ?? error,
  );
const temporarily = 'The database is temporarily unavailable';
const openPool = (url: string, options: Parameters<typeof connect>[1] = {}): Db => {
  const db = connect(url, { pool: 1, ...options });
  onTestFinished(() => db.destroy());
  return db;
};

describe('a database that hangs', () => {
  test('is unavailable within seconds when no connection can be opened', async () => {
    const { url } = await serverThatHangs();
    const db = openPool(url);
    // Only these end the wait, because the server never responds.
    expect(db.client.config).toMatchObject({
      acquireConnectionTimeout: 2000,
      connection: { connectionTimeoutMillis: 2000 },
    });
    expect(await failure(db.raw('select 1'))).toBe(temporarily);
  });

  const hangs: Record<string, (db: Db, hang: () => void) => PromiseLike<unknown>> = {
    'a statement': (db, hang) => {
      hang();
      return db.raw('select 1');
    },
    'a transaction': (db, hang) =>
      db.transaction(async (tx) => {
        hang();
        await tx.raw('select 1');
      }),
    'look-ups that share a connection': async (db, hang) => {
      const one = () => lookUp(db, { name: 'one', text: 'select 1' }, []);
      await one();
      hang();
      const [first, second] = await Promise.allSettled([one(), one()]);
      expect(first).toEqual(second);
      throw (first as PromiseRejectedResult).reason;
    },
    'a commit': (db, hang) =>
      db.transaction(async (tx) => {
        await tx.raw('select 1');
        hang();
      }),
  };
  test.each(Object.entries(hangs))('during %s is unavailable, and the connection is replaced', async (_, work) => {
    const database = await testDatabase('product');
    onTestFinished(() => database.drop());
    const { url, hang, resume } = await serverThatHangs(database.url);
    const db = openPool(url, { statementTimeout: 500 });
    await db.raw('select 1');
    expect(await failure(work(db, hang))).toBe(temporarily); // while the server hangs
    resume();
    expect(await failure(db.raw('select 1'))).toBe('success');
  });

  test('does not end a statement that takes as long as it may', async () => {
    const database = await testDatabase('product');
    onTestFinished(() => database.drop());
    const db = openPool(database.url, { statementTimeout: 2000 });
    const {
      rows: [{ pid }],
    } = await db.raw('select pg_backend_pid() as pid');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const sleeping = failure(db.raw('select pg_advisory_lock(1), pg_sleep(60)'));
    const isRunning = () => database.owner('pg_locks').where({ pid, locktype: 'advisory' }).first('pid');
    while (!(await isRunning()));
    vi.advanceTimersByTime(2000); // the server ends the statement, not the connection
    expect(await sleeping).toBe(temporarily);
    expect((await db.raw('select pg_backend_pid() as pid')).rows).toEqual([{ pid }]);
  });
});
