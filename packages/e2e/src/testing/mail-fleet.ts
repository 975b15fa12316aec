import { randomUUID } from 'node:crypto';
import { connect, type Db } from '@clientela/db';
import { startMailServer, type ReceivedMail, type TestMailServer } from '@clientela/testing';
import { expect } from 'vitest';
import { recorded } from './secrets.ts';
import { client, startTestFleet, type Client, type TestFleet, type TestResponse } from './test-fleet.ts';

export const password = 'correct horse battery';
export const newEmail = (): string => `${randomUUID()}@example.com`;
/** A name that would be markup, if a mail did not have it as text. */
export const markup = '<img src=x onerror=alert(1)>';

/** The routes that take a token of a link or of a sign-in that waits, and what goes with it. */
export const tokenRoutes: Readonly<Record<string, (token: string) => object>> = {
  'verify-email': (token) => ({ token }),
  'reset-password': (token) => ({ token, new_password: 'another horse battery' }),
  'change-email/confirm': (token) => ({ token }),
  'invitations/look-up': (token) => ({ token }),
  'invitations/accept': (token) => ({ token, name: 'Ana', password }),
  'oidc/exchange': (code) => ({ code }),
  'login/mfa': (mfa_token) => ({ mfa_token, code: '123456' }),
};

export type MailFleet = {
  fleet: TestFleet;
  /** Of auth, as its owner. */
  db: Db;
  mailServer: TestMailServer;
  /** Every line that a process wrote, and every response to `anonymous` and `signIn`. */
  output: string[];
  responses: string[];
  anonymous: () => Client;
  /** Registers somebody with that name. @returns the address */
  register: (email?: string) => Promise<string>;
  signIn: (email: string, secret?: string) => Promise<Client>;
  /** Sends a token to one of `tokenRoutes`. */
  spend: (route: string, token: string) => Promise<TestResponse>;
  mailsTo: (email: string) => ReceivedMail[];
  lastMailTo: (email: string) => ReceivedMail;
  /** Waits until so many mails to an address have come. */
  arrives: (email: string, count: number) => Promise<void>;
  end: () => Promise<void>;
};

/** Starts a fleet that sends its mails to a real server. */
export async function startMailFleet(env: NodeJS.ProcessEnv = {}): Promise<MailFleet> {
  const mailServer = await startMailServer();
  const [output, responses]: [string[], string[]] = [[], []];
  const mail = { SMTP_URL: mailServer.url, MAIL_FROM: 'CRM <no-reply@example.com>', PUBLIC_URL: 'http://127.0.0.1:1' };
  const fleet = await startTestFleet({ ...mail, ...env }, (_peer, line) => output.push(line));
  const db = connect(fleet.databases.auth.ownerUrl, { name: 'test', pool: 1 });
  const anonymous = () => recorded(client(fleet.url), responses);
  const mailsTo = (email: string) => mailServer.received.filter(({ recipients }) => recipients.includes(email));
  return {
    fleet,
    db,
    mailServer,
    output,
    responses,
    anonymous,
    register: async (email = newEmail()) => {
      expect((await anonymous().post('/auth/register', { email, password, first_name: markup })).status).toBe(201);
      return email;
    },
    signIn: async (email, secret = password) => {
      const { body } = await anonymous().post('/auth/login', { email, password: secret });
      return recorded(client(fleet.url, body.access_token as string), responses);
    },
    spend: (route, token) => anonymous().post(`/auth/${route}`, tokenRoutes[route]?.(token)),
    mailsTo,
    lastMailTo: (email) => mailsTo(email).at(-1) as ReceivedMail,
    arrives: async (email, count) => {
      const polling = { timeout: 30_000, interval: 25 };
      await expect.poll(() => mailsTo(email).length, polling).toBeGreaterThanOrEqual(count);
    },
    end: async () => {
      await db.destroy();
      await fleet.end();
      await mailServer.stop();
    },
  };
}
