import { expect, test } from 'vitest';
import { Config } from './config.ts';

/** The messages about settings, but those about other missing ones. */
const faults = (settings: Record<string, string>): string[] =>
  (Config.safeParse(settings).error?.issues ?? [])
    .filter(({ code }) => code === 'custom')
    .map(({ path, message }) => `${path.join()} ${message}`)
    .filter((text) => /SMTP|MAIL|PUBLIC_URL/.test(text));

test('who must verify an address gets mails: by a server, or in development in a folder', () => {
  const required = { REQUIRE_VERIFIED_EMAIL: 'on' };
  const missing = ['SMTP_URL is missing, which REQUIRE_VERIFIED_EMAIL needs'];
  expect(faults(required)).toEqual(missing);
  expect(faults({ ...required, MAILS_FOLDER: '/mails', ENVIRONMENT: 'production' })).toEqual(missing);
  expect(faults({ ...required, MAILS_FOLDER: '/mails', ENVIRONMENT: 'development' })).toEqual([]);
  const smtp = { SMTP_URL: 'smtps://mail.example.com', MAIL_FROM: 'a@example.com', PUBLIC_URL: 'https://example.com' };
  expect(faults({ ...required, ...smtp, ENVIRONMENT: 'production' })).toEqual([]);
  expect(faults({})).toEqual([]);
});
