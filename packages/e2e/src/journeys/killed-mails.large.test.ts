import { randomUUID } from 'node:crypto';
import { connect, type Db } from '@clientela/db';
import { startMailServer, tokenOf, type ReceivedMail, type TestMailServer } from '@clientela/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allReady, client, startTestFleet, type Client, type TestFleet } from '../testing/test-fleet.ts';

let mailServer: TestMailServer;
let fleet: TestFleet;
let db: Db;

beforeAll(async () => {
  mailServer = await startMailServer();
  const mail = { SMTP_URL: mailServer.url, MAIL_FROM: 'CRM <no-reply@example.com>', PUBLIC_URL: 'http://127.0.0.1:1' };
  fleet = await startTestFleet({ ...mail, REQUIRE_VERIFIED_EMAIL: 'on' });
  db = connect(fleet.databases.auth.ownerUrl, { name: 'test', pool: 2 });
  await db.raw(`create function hold() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock_shared(14); return coalesce(new, old); end $$`);
});
afterAll(async () => {
  await db.destroy();
  await fleet.end();
  await mailServer.stop();
});

const password = 'correct horse battery';
const polling = { timeout: 90_000, interval: 10 };
const anonymous = () => client(fleet.url);
const mailsTo = (email: string) => mailServer.received.filter(({ recipients }) => recipients.includes(email));
const previousOf = (email: string) => `previous-${email}`;
/** Who asks for the mail to an address, signed in. */
const people = new Map<string, Client>();

/** Registers somebody, and waits until the mail of that is done with. @returns its token */
async function register(email: string): Promise<string> {
  expect((await anonymous().post('/auth/register', { email, password, name: 'Ana' })).status).toBe(201);
  await expect.poll(() => mailsTo(email).length, polling).toBe(1);
  await expect.poll(() => db('mails').select('id'), polling).toEqual([]);
  return tokenOf(mailsTo(email)[0] as ReceivedMail);
}

/** Signs somebody in who has verified another address, and asks for the mail to this one. */
async function prepareRequester(email: string): Promise<void> {
  const previous = previousOf(email);
  const token = await register(previous);
  expect((await anonymous().post('/auth/verify-email', { token })).status).toBe(200);
  const { body } = await anonymous().post('/auth/login', { email: previous, password });
  people.set(email, client(fleet.url, body.access_token as string));
  mailServer.received.length = 0;
}
const requesterOf = (email: string) => people.get(email) as Client;

/** A request that queues a mail, and what its link is good for. */
type Flow = {
  prepare: (email: string) => Promise<unknown>;
  request: (email: string) => Promise<number>;
  accepted: number;
  use: (token: string) => Promise<{ status: number }>;
  /** The statement between the lease of the mail and the connection to the server. */
  preparation: string;
  /** Whether another mail goes out beside it, to the previous address. */
  hasNotice?: true;
};
const flows: Record<string, Flow> = {
  registration: {
    prepare: async () => {},
    request: async (email) => (await anonymous().post('/auth/register', { email, password, name: 'Ana' })).status,
    accepted: 201,
    use: (token) => anonymous().post('/auth/verify-email', { token }),
    preparation: 'update of expires_at on mail_tokens',
  },
  'a forgotten password': {
    prepare: async (email) => {
      await register(email);
      mailServer.received.length = 0;
    },
    request: async (email) => (await anonymous().post('/auth/forgot-password', { email })).status,
    accepted: 202,
    use: (token) => anonymous().post('/auth/reset-password', { token, new_password: 'another horse battery' }),
    preparation: 'insert on mail_tokens',
  },
  'a change of the address': {
    prepare: prepareRequester,
    request: async (email) =>
      (await requesterOf(email).post('/auth/change-email', { email, current_password: password })).status,
    accepted: 202,
    use: (token) => anonymous().post('/auth/change-email/confirm', { token }),
    preparation: 'update of expires_at on mail_tokens',
    hasNotice: true,
  },
  'an invitation': {
    prepare: prepareRequester,
    request: async (email) => (await requesterOf(email).post('/api/v1/invitations', { email, role: 'viewer' })).status,
    accepted: 201,
    use: (token) => anonymous().post('/auth/invitations/accept', { token, name: 'Bob', password }),
    preparation: 'update of expires_at on invitations',
  },
};

/** A step at which auth is killed: a statement that is held, or what the server sees. */
type Step = { name: string; hold?: (flow: Flow) => string; atServer?: 'onData' | 'onMail'; mails: number };
const steps: Step[] = [
  { name: 'before the commit that queues it', hold: () => 'insert on mails', mails: 0 },
  { name: 'after that commit, before the lease', hold: () => 'update of attempts on mails', mails: 1 },
  { name: 'between the lease and the connection', hold: ({ preparation }) => preparation, mails: 1 },
  { name: 'when the server asks for the text', atServer: 'onData', mails: 1 },
  { name: 'when the server has the text and has not accepted it', atServer: 'onMail', mails: 1 },
  { name: 'between the server’s acceptance and the commit', hold: () => 'delete on mails', mails: 2 },
  { name: 'after that commit', mails: 1 },
];

const kill = () => expect(fleet.kill('auth', 'SIGKILL')).toBe(true);
const waiting = async () =>
  (await db.raw(`select pid from pg_locks where locktype = 'advisory' and objid = 14 and not granted`))
    .rows as unknown[];

/** Holds the first statements of a kind, kills auth, and never lets them go on. @param count how many come at once */
async function killAtStatement(statement: string, count: number, send: () => Promise<unknown>): Promise<void> {
  await db.raw(`create trigger held before ${statement} for each row execute function hold()`);
  const lock = await db.transaction();
  try {
    await lock.raw('select pg_advisory_xact_lock(14)');
    const sending = send();
    await expect.poll(waiting, polling).toHaveLength(count);
    kill();
    await expect.poll(waiting, polling).toEqual([]); // PostgreSQL gives the statement up after a second
    await sending;
  } finally {
    await lock.rollback();
    await db.raw(`drop trigger held on ${statement.split(' ').at(-1)}`);
  }
}

/** Kills auth when the server has this much of the mail to an address. */
async function killAtServer(moment: 'onData' | 'onMail', email: string, send: () => Promise<unknown>): Promise<void> {
  const killed = Promise.withResolvers<void>();
  const killOnce = (recipients: readonly string[]) => {
    if (!recipients.includes(email)) return;
    mailServer.onData = undefined;
    mailServer.onMail = undefined;
    kill();
    killed.resolve();
    if (moment === 'onMail') throw new Error('the client is gone');
  };
  if (moment === 'onData') mailServer.onData = killOnce;
  else mailServer.onMail = ({ recipients }) => killOnce(recipients);
  await Promise.all([send(), killed.promise]);
}

describe.each(Object.entries(flows))('kill -9 of auth during the mail of %s', (name, flow) => {
  // The lease of the killed process is awaited once; other mails are made due.
  const isPatient = name === 'registration';
  test.each(steps)('$name', async ({ name: step, hold, atServer, mails }) => {
    const email = `${randomUUID()}@example.com`;
    await flow.prepare(email);
    const before = fleet.pid('auth');
    let status: number | undefined;
    const send = async () => void (status = await flow.request(email).catch(() => undefined));
    const count = flow.hasNotice && mails === 2 ? 2 : 1; // both mails were accepted
    if (hold) await killAtStatement(hold(flow), count, send);
    else if (atServer) await killAtServer(atServer, email, send);
    else {
      await send();
      await expect.poll(() => mailsTo(email).length, polling).toBe(1);
      await expect.poll(() => db('mails').select('id'), polling).toEqual([]);
      kill();
    }
    await expect.poll(() => fleet.pid('auth') ?? before, polling).not.toBe(before);
    await allReady(fleet);

    if (mails === 0) {
      expect(status).not.toBe(flow.accepted); // nobody was told otherwise
      expect(await db('mails').select('id')).toEqual([]);
      expect(await flow.request(email)).toBe(flow.accepted);
    }
    if (!isPatient || step !== 'between the lease and the connection')
      await db('mails').update({ next_attempt_at: '2026-01-01' });
    await expect.poll(() => db('mails').select('id'), polling).toEqual([]);
    const received = mailsTo(email);
    expect(received.length).toBe(Math.max(1, mails));
    expect(new Set(received.map(({ messageId }) => messageId)).size).toBe(1);
    expect(new Set(received.map(({ text }) => text)).size).toBe(1); // with the same token
    const notices = flow.hasNotice ? mailsTo(previousOf(email)).map(({ messageId }) => messageId) : [];
    expect([notices.length > 0, new Set(notices).size]).toEqual(flow.hasNotice ? [true, 1] : [false, 0]);
    expect((await flow.use(tokenOf(received[0] as ReceivedMail))).status).toBe(200);
  });
});
