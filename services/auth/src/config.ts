import { readEnvironment, serviceSettings } from '@clientela/runtime';
import { Currency } from '@clientela/values';
import { z } from 'zod';

export const Config = z.object({
  ...serviceSettings('AUTH'),
  AUTH_SECRET: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url'),
  ACCESS_TOKEN_EXPIRE_MINUTES: z.coerce
    .number('must be a number of minutes')
    .int('must be a whole number of minutes')
    .min(1, 'must be at least 1')
    .max(1440, 'must be at most 1440')
    .default(15),
  DEFAULT_COUNTRY: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be two capital letters (ISO 3166-1)')
    .default('ES'),
  DEFAULT_CURRENCY: Currency.default('EUR'),
});

export const readConfig = () => readEnvironment(Config);
