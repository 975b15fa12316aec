import { Instant, nameSchemas, text, Uuid } from '@clientela/validation';
import { z } from 'zod';

const page = 'https://console.invalid';

/** Whether a text is a path under /console as a browser would write it, so that no redirect leads elsewhere. */
function isConsolePath(path: string): boolean {
  if (!URL.canParse(path, page)) return false;
  const { origin, pathname, search } = new URL(path, page);
  return origin === page && /^\/console(?:\/|$)/.test(pathname) && pathname + search === path;
}

export const ProviderParams = z.strictObject({ name: z.string().max(40) });
export const StartQuery = z.strictObject({
  to: text(500)
    .refine(isConsolePath, 'must be a path under /console')
    .optional()
    .meta({
      description: 'Where the browser returns to; default /console/sign-in/return',
      examples: ['/console/sign-in/return'],
    }),
});
const parameter = z
  .string()
  .regex(/^[\x20-\x7e]{0,4000}$/, 'must have at most 4000 characters of ASCII')
  .optional();
/** Providers add parameters of their own, which have no effect. */
export const CallbackQuery = z.object({ code: parameter, state: parameter, iss: parameter, error: parameter });

export const ProviderList = z.strictObject({
  providers: z.array(
    z.strictObject({
      name: z.string().meta({ description: 'The name in paths', examples: ['my_company'] }),
      title: z.string().meta({ description: 'The name as people read it', examples: ['My Company'] }),
    }),
  ),
});

/** A one-time code. A malformed one gets the same response as an unknown one. */
export const OneTimeCode = z.string().min(1).max(200).meta({ description: 'The code in the fragment of the return' });
export const CodeExchange = z.strictObject({ code: OneTimeCode });

/** A user's account at a provider, by which it signs in. */
export const Identity = z.strictObject({
  id: Uuid,
  provider: z.string().meta({ description: 'The name of the provider when the identity was joined' }),
  issuer: z.string(),
  created_at: Instant,
  last_used_at: Instant,
});
export const IdentityParams = z.strictObject({ identity_id: Uuid });

nameSchemas({ ProviderList, CodeExchange, Identity });
