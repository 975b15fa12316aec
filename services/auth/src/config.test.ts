import { expect, test } from 'vitest';
import { Config, configFor } from './config.ts';
import { providersOf } from './identities/settings.ts';

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

test('names the faults of all providers of sign-ins together, without their values', () => {
  const issues = (env: Record<string, string>) =>
    (configFor(env).safeParse(env).error?.issues ?? [])
      .filter(({ path }) => /^(?:OIDC_|PUBLIC_URL)/.test(path.join()))
      .map(({ path, message, code }) => `${path.join()} ${code === 'invalid_type' ? 'is missing' : message}`);
  const one = {
    OIDC_ONE_ISSUER: 'https://one.example.com',
    OIDC_ONE_CLIENT_ID: 'clientela',
    OIDC_ONE_CLIENT_SECRET: 'a secret',
  };
  const two = {
    OIDC_MY_COMPANY_2_ISSUER: 'http://127.0.0.1:8181/realms/x',
    OIDC_MY_COMPANY_2_CLIENT_ID: 'clientela',
    OIDC_MY_COMPANY_2_CLIENT_SECRET: 'a secret',
  };
  expect(issues({ ...one, ...two })).toEqual([]);
  expect(providersOf({ ...one, ...two })).toEqual([
    {
      name: 'my_company_2',
      issuer: 'http://127.0.0.1:8181/realms/x',
      client_id: 'clientela',
      client_secret: 'a secret',
    },
    { name: 'one', issuer: 'https://one.example.com/', client_id: 'clientela', client_secret: 'a secret' },
  ]);
  expect(
    issues({ OIDC_ONE_CLIENT_ID: 'x', OIDC_TWO_ISSUER: 'secret value', OIDC_TWO_CLIENT_SECRET_FILE: '/x' }),
  ).toEqual([
    'OIDC_ONE_ISSUER is missing',
    'OIDC_ONE_CLIENT_SECRET is missing',
    'OIDC_TWO_ISSUER must be an https:// URL',
    'OIDC_TWO_CLIENT_ID is missing',
    'OIDC_TWO_CLIENT_SECRET is missing',
  ]);
  const ENVIRONMENT = 'production';
  expect(issues({ ...one, ...two, ENVIRONMENT, OIDC_X_ISSUER: 'https://one.example.com/' })).toEqual([
    'OIDC_X_CLIENT_ID is missing',
    'OIDC_X_CLIENT_SECRET is missing',
    'OIDC_MY_COMPANY_2_ISSUER must be an https:// URL in production',
    'OIDC_X_ISSUER is that of OIDC_ONE_ISSUER too',
    'PUBLIC_URL is missing, which OIDC_… settings need',
  ]);
  for (const issuer of [
    'https://a:b@one.example',
    'https://one.example/?x',
    'https://one.example/.well-known/openid-configuration',
  ])
    expect(issues({ ...one, OIDC_ONE_ISSUER: issuer })).toEqual([
      'OIDC_ONE_ISSUER must be the issuer, without credentials, query, fragment or /.well-known/…',
    ]);
});
