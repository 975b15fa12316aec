import { isAbsolute } from 'node:path';
import {
  PerWindow,
  readEnvironment,
  RedisUrl,
  secretForHs256,
  serviceSettings,
  ServiceUrl,
  tokenSettings,
} from '@clientela/runtime';
import { Currency } from '@clientela/validation';
import { Country } from '@clientela/validation/countries';
import { z } from 'zod';
import { checkProviders, providerShape } from './identities/settings.ts';

const withoutCredentials = (text: string) => {
  const { username, password, search, hash } = new URL(text);
  return username + password + search + hash === '';
};

/** The mail server: smtp:// (TLS by STARTTLS where the server offers it, or a password needs it) or smtps:// (TLS from the start), with user and password. */
const SmtpUrl = z.url({ protocol: /^smtps?$/, error: 'must be smtp://user:password@host:port or smtps://…' });
/** `Clientela <no-reply@example.com>`, or an address alone. */
const MailFrom = z
  .string()
  .regex(
    /^(?:[^<>@"\p{Cc}]{0,100}<[^\s<>@",;]+@[A-Za-z0-9.-]+>|[^\s<>@",;]+@[A-Za-z0-9.-]+)$/u,
    'must be an address or Name <address>',
  );
/** Where people reach the gateway; the links of mails begin with it. */
const PublicUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
  .refine((url) => !URL.canParse(url) || withoutCredentials(url), 'must have no credentials, query or fragment')
  .transform((url) => url.replace(/\/+$/, ''));

const shape = z.object({
  ...serviceSettings('AUTH'),
  ACCESS_TOKEN_EXPIRE_MINUTES: z.coerce
    .number('must be a number of minutes')
    .int('must be a whole number of minutes')
    .min(1, 'must be at least 1')
    .max(1440, 'must be at most 1440')
    .default(15),
  REFRESH_TOKEN_EXPIRE_DAYS: z.coerce
    .number('must be a number of days')
    .int('must be a whole number of days')
    .min(1, 'must be at least 1')
    .max(365, 'must be at most 365')
    .default(30),
  ...tokenSettings,
  REDIS_URL: RedisUrl,
  RATE_LIMIT_USER_PER_MINUTE: PerWindow.default(600),
  DEFAULT_COUNTRY: Country.default('ES'),
  DEFAULT_CURRENCY: Currency.default('EUR'),
  SMTP_URL: SmtpUrl.optional(),
  MAIL_FROM: MailFrom.optional(),
  PUBLIC_URL: PublicUrl.optional(),
  REQUIRE_VERIFIED_EMAIL: z.enum(['on', 'off'], 'must be on or off').default('off'),
  MAILS_FOLDER: z.string().refine(isAbsolute, 'must be an absolute path').optional(),
  CUSTOMER_SERVICE_URL: ServiceUrl,
  INTERACTION_SERVICE_URL: ServiceUrl,
  PRODUCT_SERVICE_URL: ServiceUrl,
  FAVORITES_SERVICE_URL: ServiceUrl,
});

/** Mails by SMTP have a sender and links; who must verify an address gets mails. For `superRefine(…, { when: () => true })`, so that it is reported with all other issues. */
function senderForSmtp(values: object, context: z.RefinementCtx): void {
  const { SMTP_URL, REQUIRE_VERIFIED_EMAIL, MAILS_FOLDER, ENVIRONMENT, ...others } = values as Record<string, unknown>;
  if (SMTP_URL === undefined) {
    // The folder is for development only.
    if (REQUIRE_VERIFIED_EMAIL === 'on' && (MAILS_FOLDER === undefined || ENVIRONMENT === 'production'))
      context.addIssue({
        code: 'custom',
        path: ['SMTP_URL'],
        message: 'is missing, which REQUIRE_VERIFIED_EMAIL needs',
      });
    return;
  }
  for (const name of ['MAIL_FROM', 'PUBLIC_URL'])
    if (others[name] === undefined) context.addIssue({ code: 'custom', path: [name], message: 'is missing' });
}

const withRules = (object: typeof shape) =>
  object
    .superRefine(secretForHs256, { when: () => true })
    .superRefine(senderForSmtp, { when: () => true })
    .superRefine(checkProviders, { when: () => true });

export const Config = withRules(shape);

/** The schema with the settings of the providers that the environment names; `providersOf` reads them. */
export const configFor = (env: Readonly<Record<string, unknown>>): typeof Config =>
  withRules(shape.extend(providerShape(env)) as unknown as typeof shape);

/** Settings of the command-line scripts. */
export const { AUTH_DATABASE_URL, AUTH_SECRET } = shape.shape;

export type Config = z.infer<typeof Config>;

export const readConfig = () => readEnvironment(configFor(process.env));
