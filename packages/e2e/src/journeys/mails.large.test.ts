import { linkOf, tokenOf, type ReceivedMail } from '@clientela/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { markup, newEmail, password, startMailFleet, tokenRoutes, type MailFleet } from '../testing/mail-fleet.ts';
import { placesOf } from '../testing/secrets.ts';
import { client, type TestFleet } from '../testing/test-fleet.ts';

let mails: MailFleet;
let fleet: TestFleet;

beforeAll(async () => {
  mails = await startMailFleet({ REQUIRE_VERIFIED_EMAIL: 'on', LOG_LEVEL: 'debug' });
  ({ fleet } = mails);
});
afterAll(() => mails.end());

const polling = { timeout: 30_000, interval: 25 };

/** Opens a link as scanners do, and tries its token at every route. */
async function scan(mail: ReceivedMail): Promise<void> {
  const { pathname, search, hash } = linkOf(mail);
  const routes = Object.keys(tokenRoutes).map((route) => `/auth/${route}?${hash.slice(1)}`);
  for (const path of [pathname + search, `${pathname}?${hash.slice(1)}`, ...routes])
    for (const method of ['HEAD', 'GET', 'GET'])
      expect([404, 405]).toContain((await mails.anonymous().send(method, path)).status);
}

/** What a person finds in the two forms of a mail. */
const links = {
  text: ({ text = '' }: ReceivedMail) => /^https?:\S+$/m.exec(text)?.[0],
  HTML: ({ html = '' }: ReceivedMail) => /<a href="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&'),
};

test.each(['text', 'HTML'] as const)(
  'a person goes every way by the links in the %s of the mails, which scanners have opened before',
  async (form) => {
    const { anonymous, register, signIn, spend, lastMailTo, arrives } = mails;
    const tokenIn = (mail: ReceivedMail) => new URL(links[form](mail) ?? '').hash.replace('#token=', '');
    const email = await register();
    const limited = await signIn(email);
    expect((await limited.get('/api/customers')).body).toMatchObject({ status: 403, error_code: 'EMAIL_NOT_VERIFIED' });
    expect((await limited.get('/auth/me')).body.user).toMatchObject({ email, email_verified_at: null });
    await arrives(email, 1);
    await scan(lastMailTo(email));
    expect((await spend('verify-email', tokenIn(lastMailTo(email)))).status).toBe(200);
    const ana = await signIn(email);
    expect((await ana.get('/api/customers')).status).toBe(200);

    expect((await anonymous().post('/auth/forgot-password', { email })).status).toBe(202);
    await arrives(email, 2);
    await scan(lastMailTo(email));
    expect((await spend('reset-password', tokenIn(lastMailTo(email)))).status).toBe(200);
    await expect.poll(async () => (await ana.get('/auth/me')).status, polling).toBe(401);
    await arrives(email, 3);

    const again = await signIn(email, 'another horse battery');
    const moved = newEmail();
    const change = { email: moved, current_password: 'another horse battery' };
    expect((await again.post('/auth/change-email', change)).status).toBe(202);
    await arrives(moved, 1);
    await arrives(email, 4);
    await scan(lastMailTo(moved));
    expect((await spend('change-email/confirm', tokenIn(lastMailTo(moved)))).status).toBe(200);

    const invited = newEmail();
    const invitation = { email: invited, role: 'viewer', name: markup };
    expect((await again.post('/api/v1/invitations', invitation)).status).toBe(201);
    await arrives(invited, 1);
    await scan(lastMailTo(invited));
    const token = tokenIn(lastMailTo(invited));
    expect((await spend('invitations/look-up', token)).body).toMatchObject({ email: invited, role: 'viewer' });
    const { status, body } = await spend('invitations/accept', token);
    expect([status, body.user.role]).toEqual([200, 'viewer']);
    expect((await client(fleet.url, body.access_token as string).get('/api/customers')).status).toBe(200);
  },
);

test.each(['is down', 'takes connections and says nothing'])(
  'a mail server that %s loses and blocks nothing',
  async (fault) => {
    const { db, mailServer, anonymous, register, signIn, mailsTo, lastMailTo, arrives } = mails;
    const email = await register();
    await arrives(email, 1);
    await mailServer.stop();
    const silent = fault === 'is down' ? undefined : await mailServer.hang();
    for (let request = 0; request < 20; request += 1) {
      const to = request === 0 ? email : newEmail();
      expect((await anonymous().post('/auth/forgot-password', { email: to })).status).toBe(202);
    }
    const other = await register();
    expect((await (await signIn(other)).get('/auth/me')).status).toBe(200);
    const attempts = async () => (await db('mails').max('attempts').first())?.max as number;
    if (silent) await expect.poll(silent.taken, polling).toBeGreaterThan(1);
    else await expect.poll(attempts, polling).toBeGreaterThan(1);
    expect(mailsTo(email)).toHaveLength(1);
    await silent?.end();
    await mailServer.start();
    await arrives(email, 2);
    await arrives(other, 1);
    const reset = { token: tokenOf(lastMailTo(email)), new_password: password };
    expect((await anonymous().post('/auth/reset-password', reset)).status).toBe(200);
    await expect.poll(() => db('mails').select('id'), polling).toEqual([]);
    expect([mailsTo(email).length, mailsTo(other).length]).toEqual([3, 1]); // with the notice of the new password
  },
  120_000,
);

test('a name is text in every mail that was sent, whatever it is', () => {
  const { mailServer } = mails;
  const escaped = '&lt;img src=x onerror=alert(1)&gt;';
  const named = mailServer.received.filter(({ text }) => text?.includes(markup));
  expect(new Set(named.map(({ subject }) => subject)).size).toBeGreaterThanOrEqual(6);
  for (const { subject, html } of named) expect([subject, html?.includes(escaped)]).toEqual([subject, true]);
  for (const { html } of mailServer.received) expect(html).not.toMatch(/<img/);
});

test('no token of a mail is in a log, an event, a table, a response or a mail to somebody else', async () => {
  const { mailServer, output, responses } = mails;
  const tokens = mailServer.received.flatMap((mail) => (mail.text?.includes('#token=') ? [tokenOf(mail)] : []));
  expect(tokens.length).toBeGreaterThan(5);
  expect(responses.length).toBeGreaterThan(150);
  expect(output.length).toBeGreaterThan(1000);
  const texts = { output: output.join('\n'), responses: responses.join('\n') };
  expect(await placesOf(fleet, tokens, texts)).toEqual([]);
  for (const token of tokens)
    expect(
      new Set(mailServer.received.filter(({ text }) => text?.includes(token)).map(({ messageId }) => messageId)).size,
    ).toBe(1);
  // What is searched has what it should have.
  const addresses = mailServer.received.slice(0, 1).flatMap(({ recipients }) => recipients);
  expect(await placesOf(fleet, addresses, texts)).toEqual(expect.arrayContaining(['responses', 'auth: mail_tokens']));
});
