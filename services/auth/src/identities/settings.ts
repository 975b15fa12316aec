import { z } from 'zod';

/** A provider of sign-ins by OpenID Connect. `name` is in paths, and in the names of its settings in upper case. */
export type ProviderSettings = { name: string; issuer: string; client_id: string; client_secret: string };

const variable = /^OIDC_([A-Z0-9]+(?:_[A-Z0-9]+)*)_(?:ISSUER|CLIENT_ID|CLIENT_SECRET)(?:_FILE)?$/;
const MAX_NAME = 40; // characters

const isIssuer = (text: string): boolean => {
  if (!URL.canParse(text)) return true; // reported already
  const { username, password, search, hash, pathname } = new URL(text);
  return username + password + search + hash === '' && !pathname.includes('/.well-known/');
};
const Issuer = z
  .url({ protocol: /^https?$/, error: 'must be an https:// URL' })
  .refine(isIssuer, 'must be the issuer, without credentials, query, fragment or /.well-known/…');
const ClientId = z.string().regex(/^[\x20-\x7e]{1,500}$/, 'must be 1 to 500 visible ASCII characters');
const ClientSecret = z.string().regex(/^[\x20-\x7e]{1,1000}$/, 'must be 1 to 1000 visible ASCII characters');

/** The names of the providers of which a setting is present. */
const providerNames = (settings: Readonly<Record<string, unknown>>): string[] => [
  ...new Set(
    Object.entries(settings).flatMap(([name, value]) => (value ? (variable.exec(name)?.slice(1, 2) ?? []) : [])),
  ),
];

/**
 * The settings of every provider that the environment names: OIDC_<NAME>_ISSUER, _CLIENT_ID and _CLIENT_SECRET. One that is present
 * requires the others.
 */
export const providerShape = (env: Readonly<Record<string, unknown>>): Record<string, z.ZodType> =>
  Object.fromEntries(
    providerNames(env).flatMap((name) => [
      [`OIDC_${name}_ISSUER`, Issuer],
      [`OIDC_${name}_CLIENT_ID`, ClientId],
      [`OIDC_${name}_CLIENT_SECRET`, ClientSecret],
    ]),
  );

/** Lists the providers of a process's settings. */
export const providersOf = (config: object): ProviderSettings[] =>
  providerNames(config as Record<string, unknown>)
    .toSorted()
    .map((upper) => {
      const setting = (name: string) => (config as Partial<Record<string, string>>)[`OIDC_${upper}_${name}`] ?? '';
      const issuer = setting('ISSUER');
      return {
        name: upper.toLowerCase(),
        issuer: URL.canParse(issuer) ? new URL(issuer).href : issuer,
        client_id: setting('CLIENT_ID'),
        client_secret: setting('CLIENT_SECRET'),
      };
    });

/** Rules across the settings of providers. For `superRefine(…, { when: () => true })`, so that they are reported with all other issues. */
export function checkProviders(values: object, context: z.RefinementCtx): void {
  const { ENVIRONMENT, PUBLIC_URL } = values as Record<string, unknown>;
  const report = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
  const providers = providersOf(values);
  const setting = ({ name }: ProviderSettings) => `OIDC_${name.toUpperCase()}_ISSUER`;
  for (const [index, provider] of providers.entries()) {
    if (provider.name.length > MAX_NAME) report(setting(provider), `must have at most ${MAX_NAME} characters of name`);
    if (ENVIRONMENT === 'production' && provider.issuer.startsWith('http:'))
      report(setting(provider), 'must be an https:// URL in production');
    // An identity is known by issuer and subject: with two clients of one provider nobody could tell which is meant.
    const earlier = providers.slice(0, index).find(({ issuer }) => issuer !== '' && issuer === provider.issuer);
    if (earlier) report(setting(provider), `is that of ${setting(earlier)} too`);
  }
  // Providers redirect to it; the default is of development.
  if (providers.length > 0 && ENVIRONMENT === 'production' && PUBLIC_URL === undefined)
    report('PUBLIC_URL', 'is missing, which OIDC_… settings need');
}
