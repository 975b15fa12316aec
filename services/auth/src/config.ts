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
  CUSTOMER_SERVICE_URL: ServiceUrl,
  INTERACTION_SERVICE_URL: ServiceUrl,
  PRODUCT_SERVICE_URL: ServiceUrl,
  FAVORITES_SERVICE_URL: ServiceUrl,
});

export const Config = shape.superRefine(secretForHs256, { when: () => true });

/** Settings of the command-line scripts. */
export const { AUTH_DATABASE_URL, AUTH_SECRET } = shape.shape;

export type Config = z.infer<typeof Config>;

export const readConfig = () => readEnvironment(Config);
