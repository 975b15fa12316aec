import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestService } from '@clientela/testing';
import { redactedNames } from '@clientela/contracts';
import { createLog, type Log } from '@clientela/runtime';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import type { Mails } from '../mails/outbox.ts';
import { smtpSender } from '../mails/transport.ts';
import { sendDueMails, type MailWorkerOptions } from '../mails/worker.ts';

export const publicUrl = 'https://crm.example.com';

/** A mail as its server received it. */
export type ReceivedMail = Email & { raw: string; recipients: string[] };

export type TestMailServer = {
  url: string;
  received: ReceivedMail[];
  /** Called with each mail before the server accepts it; an error rejects it. */
  onMail: ((mail: ReceivedMail) => Promise<void> | void) | undefined;
  /** Closes the port, as a server that is down. */
  stop: () => Promise<void>;
  /** Opens the same port again. */
  start: () => Promise<void>;
};

/** Starts a real mail server on a free port. */
export async function startMailServer(): Promise<TestMailServer> {
  let port = 0;
  let server: SMTPServer | undefined;
  const mailServer: TestMailServer = {
    url: '',
    received: [],
    onMail: undefined,
    start: async () => {
      server = new SMTPServer({
        authOptional: true,
        disabledCommands: ['AUTH', 'STARTTLS'],
        onData: (stream, session, done) => {
          const chunks: Buffer[] = [];
          stream.on('data', (chunk: Buffer) => chunks.push(chunk));
          stream.on('end', () => {
            const raw = Buffer.concat(chunks).toString();
            const recipients = session.envelope.rcptTo.map(({ address }) => address);
            const receive = async () => {
              const mail = { ...(await PostalMime.parse(raw)), raw, recipients };
              await mailServer.onMail?.(mail);
              mailServer.received.push(mail);
            };
            void receive().then(
              () => setImmediate(done),
              (error: Error) => setImmediate(done, error),
            );
          });
        },
      });
      server.on('error', () => {});
      server.listen(port, '127.0.0.1');
      await once(server.server, 'listening');
      port = (server.server.address() as AddressInfo).port;
      mailServer.url = `smtp://127.0.0.1:${port}`;
    },
    stop: () => new Promise((resolve) => (server ? server.close(() => resolve()) : resolve())),
  };
  await mailServer.start();
  return mailServer;
}

export type TestMail = {
  server: TestMailServer;
  options: MailWorkerOptions;
  /** Sends what is due, as the worker does. @returns the mails that arrived meanwhile */
  deliver: () => Promise<ReceivedMail[]>;
  /** Delivers, and returns the only mail to an address. */
  mailTo: (address: string) => Promise<ReceivedMail>;
};

export function createTestMail(
  service: TestService & { mails: Mails },
  server: TestMailServer,
  log: Log = createLog('auth', 'silent', { redact: redactedNames }),
): TestMail {
  const send = smtpSender({
    url: server.url,
    from: 'Example CRM <no-reply@example.com>',
    clientName: 'crm.example.com',
  });
  const options = { db: service.database.db, mails: service.mails, send, publicUrl, log };
  const deliver = async () => {
    const before = server.received.length;
    while (await sendDueMails(options, new AbortController().signal));
    return server.received.slice(before);
  };
  return {
    server,
    options,
    deliver,
    mailTo: async (address) => {
      const found = (await deliver()).filter(({ recipients }) => recipients.includes(address));
      if (found.length !== 1 || !found[0]) throw new Error(`${found.length} mails to the address`);
      return found[0];
    },
  };
}

/** Finds the link of a mail: the same in text and HTML. */
export function linkOf({ text = '', html = '' }: Email): URL {
  const inText = /^https?:\S+$/m.exec(text)?.[0] ?? '';
  const inHtml = /<a href="([^"]+)"/.exec(html)?.[1] ?? '';
  if (inText === '' || inText !== inHtml) throw new Error('text and HTML have different links');
  return new URL(inText);
}

/** The token that the page behind a link reads from its fragment. */
export const tokenOf = (mail: Email): string => new URLSearchParams(linkOf(mail).hash.slice(1)).get('token') ?? '';
