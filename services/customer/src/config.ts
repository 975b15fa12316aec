import { Rate, RateLimits, readEnvironment, RedisUrl, serviceSettings, ServiceUrl } from '@clientela/runtime';
import { z } from 'zod';
import { importSettings } from './imports/settings.ts';
import { importSourceSettings } from './imports/vaptekesync/settings.ts';
import { avatarSettings, requireAvatarStorage } from './avatars/settings.ts';

const Upstream = z
  .string()
  .regex(/^https?:\/\/[^@?#\s]+$/, 'must be http://host:port or https://host/path')
  .optional();

const schema = z.object({
  ...serviceSettings('CUSTOMER'),
  AUTH_SERVICE_URL: ServiceUrl,
  INTERACTION_SERVICE_URL: ServiceUrl,
  PRODUCT_SERVICE_URL: ServiceUrl,
  FAVORITES_SERVICE_URL: ServiceUrl,
  // Owners of a customer's orders, complaints and appointments; by default the interaction service.
  ORDERS_SERVICE_URL: Upstream,
  ORDER_SERVICE_URL: Upstream, // another name of the same
  COMPLAINT_SERVICE_URL: Upstream,
  SCHEDULING_SERVICE_URL: Upstream,
  CUSTOMER_PATCH_RATE: Rate.default({ limit: 5, window: 60_000 }),
  RATE_LIMITS: RateLimits,
  REDIS_URL: RedisUrl,
  ...avatarSettings,
  ...importSettings,
  ...importSourceSettings,
});

/** Both names of the orders' owner may be set, to the same address only. */
function requireOneOrdersUrl(values: object, context: z.RefinementCtx): void {
  const { ORDERS_SERVICE_URL: url, ORDER_SERVICE_URL: other } = values as Record<string, unknown>;
  if (url !== undefined && other !== undefined && url !== other)
    context.addIssue({ code: 'custom', path: ['ORDER_SERVICE_URL'], message: 'differs from ORDERS_SERVICE_URL' });
}

export const Config = schema
  .superRefine(requireAvatarStorage, { when: () => true })
  .superRefine(requireOneOrdersUrl, { when: () => true });

/** Settings of the command line tools. */
export const { CUSTOMER_DATABASE_URL } = schema.shape;
export const RecountConfig = schema.pick({
  CUSTOMER_DATABASE_URL: true,
  CUSTOMER_SERVICE_KEY: true,
  INTERACTION_SERVICE_URL: true,
  ORDERS_SERVICE_URL: true,
  ORDER_SERVICE_URL: true,
  COMPLAINT_SERVICE_URL: true,
  SCHEDULING_SERVICE_URL: true,
});

export const readConfig = () => readEnvironment(Config);
