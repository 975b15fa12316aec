import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { redactedNames } from '@clientela/contracts';
import { createLog } from '@clientela/runtime';
import PostalMime from 'postal-mime';
import { unicodeEmail } from '@clientela/validation';
import { describe, expect } from 'vitest';
import { heldTransaction, linkOf, tokenOf } from '@clientela/testing';
import { mailTest } from '../testing/mail-test.ts';
import type { TestAuth } from '../testing/test-auth.ts';
import { queueMail } from './outbox.ts';
import { chooseLanguage, writeMail } from './rules.ts';
import { languages, mailKinds, type MailContent } from './schema.ts';
import { folderSender, smtpServer } from './transport.ts';
import { claimMails } from './store.ts';
import { sendDueMails, startMailWorker } from './worker.ts';

const test = mailTest({ pool: 4 });
type Service = TestAuth;

const queue = ({ database, mails }: Service, content: Partial<MailContent> = {}, user_id: string | null = null) =>
  database.db.transaction((tx) =>
    queueMail(tx, mails, {
      user_id,
      kind: 'password_reset',
      content: { to: 'ana@example.com', language: 'en', name: 'Ana', ...content },
    }),
  );
const rows = ({ database }: Service) => database.owner('mails').select('*');
const makeDue = ({ database }: Service) => database.owner('mails').update({ next_attempt_at: '2026-01-01' });

describe('the mail outbox', () => {
  test('keeps a mail sealed, sends it once, and deletes the row', async ({ service, mail }) => {
    await queue(service, { email: 'canary-7f3a@example.com' });
    const [row] = await rows(service);
    expect(JSON.stringify(row) + String(row.sealed)).not.toMatch(/canary|ana@/);
    const [received] = await mail.deliver();
    expect(received).toMatchObject({
      recipients: ['ana@example.com'],
      from: { name: 'Example CRM', address: 'no-reply@example.com' },
      subject: 'Your password was changed',
      messageId: `<${row.id}@example.com>`,
    });
    expect(received?.raw).toContain('Auto-Submitted: auto-generated');
    expect(await rows(service)).toEqual([]);
    expect(await mail.deliver()).toEqual([]);
  });

  test('queues nothing for a change that is rolled back', async ({ service }) => {
    const rolledBack = service.database.db.transaction(async (tx) => {
      await queueMail(tx, service.mails, {
        user_id: null,
        kind: 'password_reset',
        content: { to: 'a@example.com', language: 'en' },
      });
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    expect(await rows(service)).toEqual([]);
  });

  test('waits while the server is down and sends with the same Message-ID and date when it is back', async ({
    service,
    mail,
  }) => {
    await queue(service);
    const [row] = await rows(service);
    mail.server.onMail = () => {
      throw Object.assign(new Error('try later'), { responseCode: 451 });
    };
    await mail.deliver();
    await mail.server.stop();
    await makeDue(service);
    await mail.deliver();
    const [waiting] = await rows(service);
    expect(waiting).toMatchObject({ id: row.id, attempts: 2 });
    expect(Date.parse(waiting.next_attempt_at)).toBeGreaterThan(Date.now() - 1000);
    mail.server.onMail = undefined;
    await mail.server.start();
    await makeDue(service);
    const [received] = await mail.deliver();
    expect(received?.messageId).toBe(`<${row.id}@example.com>`);
    expect(Date.parse(received?.date ?? '')).toBe(Math.floor(Date.parse(row.created_at) / 1000) * 1000);
    expect(await rows(service)).toEqual([]);
  });

  test('gives up after 24 hours and logs it without address or server text', async ({ service, mail }) => {
    const lines: string[] = [];
    const out = { write: (line: string) => void lines.push(line) };
    const log = createLog('auth', 'info', { redact: redactedNames, out });
    await queue(service, { to: 'canary-7f3a@example.com' });
    mail.server.onMail = () => {
      throw Object.assign(new Error('canary-7f3a@example.com is unknown'), { responseCode: 550 });
    };
    const run = () => sendDueMails({ ...mail.options, log }, new AbortController().signal);
    await run();
    const [row] = await rows(service);
    expect(Date.parse(row.next_attempt_at) - Date.now()).toBeGreaterThan(3_500_000); // rejected permanently: not often
    await service.database
      .owner('mails')
      .update({ created_at: service.database.owner.raw(`now() - interval '25 hours'`) });
    await makeDue(service);
    await run();
    mail.server.onMail = undefined;
    expect(await rows(service)).toEqual([]);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'warn', response_code: 550 },
      { level: 'error', attempts: 2 },
    ]);
    expect(lines.join()).not.toContain('canary');
  });

  test('is tried again soon after the server rejects the password, which is the operator’s to mend', async ({
    service,
    mail,
  }) => {
    await queue(service);
    const send = () => Promise.reject(Object.assign(new Error('535 5.7.8'), { code: 'EAUTH', responseCode: 535 }));
    await sendDueMails({ ...mail.options, send }, new AbortController().signal);
    const [row] = await rows(service);
    expect(Date.parse(row.next_attempt_at) - Date.now()).toBeLessThan(10_000);
    await makeDue(service);
    expect(await mail.deliver()).toHaveLength(1);
  });

  test('replicas send no mail twice, and one that hangs holds a mail only for the lease', async ({ service, mail }) => {
    for (let number = 0; number < 12; number += 1) await queue(service, { to: `n${number}@example.com` });
    const before = mail.server.received.length;
    mail.server.onMail = () => sleep(20);
    const run = async () => {
      while (await sendDueMails(mail.options, new AbortController().signal));
    };
    await Promise.all([run(), run(), run()]);
    mail.server.onMail = undefined;
    const addresses = mail.server.received.slice(before).flatMap(({ recipients }) => recipients);
    expect(addresses.toSorted()).toEqual(Array.from({ length: 12 }, (_, n) => `n${n}@example.com`).toSorted());

    await queue(service);
    const cut = new AbortController();
    const hanging = sendDueMails(
      {
        ...mail.options,
        send: (_mail, signal) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      },
      cut.signal,
    );
    await expect.poll(async () => (await rows(service))[0]?.attempts).toBe(1);
    expect(await mail.deliver()).toEqual([]);
    await makeDue(service); // the lease has run out
    expect(await mail.deliver()).toHaveLength(1);
    cut.abort();
    await hanging;
    expect(await rows(service)).toEqual([]);
  });

  test('is not sent again when the database fails after the server has taken it', async ({ service, mail }) => {
    await queue(service);
    const [{ id }] = await rows(service);
    const { owner, db } = service.database;
    const failed = Promise.withResolvers<void>();
    const onFailure = () => failed.resolve();
    db.on('query-error', onFailure);
    const lock = await heldTransaction(owner);
    mail.server.onMail = async () => void (await lock('mails').where({ id }).forUpdate());
    const sending = mail.deliver();
    await failed.promise; // the deletion has waited for the lock in vain
    await lock.rollback();
    db.off('query-error', onFailure);
    mail.server.onMail = undefined;
    expect(await sending).toHaveLength(1);
    await makeDue(service); // where the row is still there
    expect(await mail.deliver()).toEqual([]);
    expect(await rows(service)).toEqual([]);
  });

  test('the commit wakes the worker, which stops without cutting off a mail', async ({ service, mail }) => {
    const before = mail.server.received.length;
    await queue(service);
    const worker = startMailWorker(mail.options, 3_600_000);
    try {
      await expect.poll(() => rows(service)).toEqual([]); // by the first round
      await queue(service);
      await expect.poll(() => mail.server.received.length).toBe(before + 2);
    } finally {
      await worker.stop();
    }
  });

  test('deletes the mails of a user with the user', async ({ service }) => {
    const { user } = await service.register();
    await queue(service, {}, user.id);
    await service.database.owner('users').where({ id: user.id }).delete();
    expect(await rows(service)).toEqual([]);
  });
});

describe('a mail', () => {
  const content = { to: 'ana@example.com', email: 'new@example.com', company: 'Example Ltd', token: 'secret-token' };
  const mailOf = (kind: (typeof mailKinds)[number], values: Partial<MailContent> = {}) =>
    writeMail(
      { id: 'x', kind, created_at: '2026-01-01' },
      { language: 'en', name: 'Ana', ...content, ...values },
      'https://crm.example.com',
    );

  test('is sent with a password by TLS only, but for a server on the same machine', () => {
    const required = (url: string) => smtpServer(url).requireTLS;
    expect(smtpServer('smtp://ana%40example.com:p%2Fw@mail.example.com')).toEqual({
      host: 'mail.example.com',
      port: 587,
      secure: false,
      requireTLS: true,
      auth: { user: 'ana@example.com', pass: 'p/w' },
    });
    for (const host of ['localhost.example.com', '127.0.0.1.example.com', '[2001:db8::1]', '10.0.0.1:25'])
      expect([host, required(`smtp://ana:pw@${host}`)]).toEqual([host, true]);
    for (const host of ['localhost:25', '127.0.0.1:1025', '[::1]'])
      expect([host, required(`smtp://ana:pw@${host}`)]).toEqual([host, false]);
    expect([required('smtp://mail.example.com'), required('smtps://ana:pw@mail.example.com')]).toEqual([false, false]);
  });

  test('of each kind and language has its own text, whole, in text and HTML', () => {
    const subjects = new Set<string>();
    for (const language of languages) {
      for (const kind of mailKinds) {
        const { subject, text, html } = mailOf(kind, { language });
        subjects.add(subject);
        expect(subject + text + html).not.toMatch(/[{}]|undefined/);
        expect(text).toContain('Ana');
        expect(html).toContain(`<html lang="${language}">`);
        expect(html).not.toMatch(/<img|src=|url\(/);
        if (['verify_email', 'reset_password', 'change_email', 'invitation'].includes(kind))
          expect(text).toContain('#token=secret-token');
      }
    }
    expect(subjects.size).toBe(languages.length * mailKinds.length);
  });

  test('shows a name as text, whatever it is', async ({ service, mail }) => {
    const markup = `<img src=x onerror='alert(1)'>&amp;"`;
    const escaped = '&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;amp;&quot;';
    const withName = (text: string) => text.split(markup).length - 1;
    for (const language of languages) {
      for (const kind of mailKinds) {
        const { text, html } = mailOf(kind, { language, name: markup, company: markup, email: markup });
        expect(withName(text)).toBeGreaterThan(0);
        expect(html.replace(/<title>.*<\/title>/, '').split(escaped).length - 1).toBe(withName(text));
        const tags = new Set([...html.matchAll(/<\/?([^\s>]+)/g)].map(([, tag]) => tag));
        const known = new Set(['!doctype', 'html', 'head', 'meta', 'title', 'body', 'p', 'a', 'span']);
        expect([language, kind, [...tags.difference(known)]]).toEqual([language, kind, []]);
      }
    }
    // What would begin a header line, reverse the text, or advertise a link.
    const { text, subject } = mailOf('password_reset', { name: 'Ana\r\nBcc: all@example.com\u202e' });
    expect(`${subject}${text}`).not.toMatch(/\r|\u202e|Bcc/);
    for (const name of ['Win at evil.example', 'https://evil', 'www.evil', 'you@evil'])
      expect(mailOf('verify_email', { name }).text).toMatch(/^Hello,\n/);
    for (const [company, plain] of [
      ['Win at https://evil.example/x', 'Win at https evil example/x'],
      ['www.evil you@evil', 'www evil you evil'],
      ['Acme S.A. de C.V.', 'Acme S.A. de C.V.'],
    ] as const) {
      const invitation = mailOf('invitation', { company });
      expect(invitation.subject).toBe(`You are invited to join ${plain}`);
      expect([invitation.text, invitation.html]).toEqual([
        expect.stringContaining(`join ${plain}.`),
        expect.stringContaining(`join ${plain}.`),
      ]);
    }

    await queue(service, { name: 'Ana\r\nBcc: bob@example.com', to: 'ana@example.com' });
    const [received] = await mail.deliver();
    expect(received?.recipients).toEqual(['ana@example.com']);
    expect(received?.headers.map(({ key }) => key)).not.toContain('bcc');
  });

  test('reaches internationalized addresses', async ({ service, mail }) => {
    for (const to of ['ana@xn--espaa-rta.example', 'аня@xn--e1afmkfd.example']) {
      await queue(service, { to, name: 'Аня' });
      const [received] = await mail.deliver();
      expect(received?.recipients).toEqual([unicodeEmail(to)]); // as smtp-server shows it
      expect(received?.to?.map(({ address = '' }) => unicodeEmail(address))).toEqual([unicodeEmail(to)]);
      expect(received?.text).toContain('Аня');
    }
  });

  test('is due at once, also when its time is rounded up', async ({ service: { database, mails } }) => {
    const content = { to: 'ana@example.com', language: 'en' as const, name: 'Ana' };
    for (let n = 0; n < 20; n += 1) {
      const claimed = await database.db.transaction(async (tx) => {
        await queueMail(tx, mails, { user_id: null, kind: 'password_reset', content });
        return claimMails(tx, 100);
      });
      expect(claimed).toHaveLength(1);
    }
    await database.owner('mails').delete();
  });

  test('is in the language that its reader accepts, else in that of the company’s country', () => {
    expect(chooseLanguage('pt-BR,pt;q=0.9,en;q=0.8', 'ES')).toBe('pt');
    expect(chooseLanguage('de, ru;q=0.5, es;q=0.7', null)).toBe('es');
    expect(chooseLanguage('en;q=0, de', 'MD')).toBe('ro');
    expect(chooseLanguage(null, 'CO')).toBe('es');
    expect(chooseLanguage(',;q=,', 'US')).toBe('en');
  });

  test('without a server is a file that only its owner reads', async ({ service, mail, onTestFinished }) => {
    const folder = mkdtempSync(join(tmpdir(), 'mails-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const send = folderSender({ folder, from: 'Clientela <no-reply@clientela.local>' });
    await queue(service, { name: 'Аня' });
    await sendDueMails({ ...mail.options, send }, new AbortController().signal);
    const [name = '', ...others] = readdirSync(folder);
    expect(others).toEqual([]);
    expect(name).toMatch(/^\d{8}T\d{9}Z-[0-9a-f-]{36}\.eml$/);
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    const parsed = await PostalMime.parse(readFileSync(join(folder, name)));
    expect(parsed).toMatchObject({ to: [{ address: 'ana@example.com' }], subject: 'Your password was changed' });
    expect(parsed.text).toContain('Hello Аня,');
  });

  test('has one link, in text and HTML, whose token is in the fragment', async ({ service, mail }) => {
    const { client, email } = await service.register();
    await client.post('/auth/verify-email/request').expect(202);
    const received = await mail.mailTo(email);
    const { origin, pathname, search } = linkOf(received);
    expect({ origin, pathname, search }).toEqual({
      origin: 'https://crm.example.com',
      pathname: '/console/verify',
      search: '',
    });
    expect(tokenOf(received)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});
