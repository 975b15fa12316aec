import { redactedNames } from '@clientela/contracts';
import { createLog, type Log } from '@clientela/runtime';
import type { ReceivedMail, TestMailServer, TestService } from '@clientela/testing';
import type { Mails } from '../mails/outbox.ts';
import { smtpSender } from '../mails/transport.ts';
import { sendDueMails, type MailWorkerOptions } from '../mails/worker.ts';

export const publicUrl = 'https://crm.example.com';

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
