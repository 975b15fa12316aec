import { Rate, RateLimits, readEnvironment, serviceSettings, ServiceUrl } from '@clientela/runtime';
import { z } from 'zod';
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
  COMPLAINT_SERVICE_URL: Upstream,
  SCHEDULING_SERVICE_URL: Upstream,
  CUSTOMER_PATCH_RATE: Rate.default({ limit: 5, window: 60_000 }),
  RATE_LIMITS: RateLimits,
  ...avatarSettings,
});

export const Config = schema.superRefine(requireAvatarStorage, { when: () => true });

/** Settings of the command line tools. */
export const { CUSTOMER_DATABASE_URL, CUSTOMER_SERVICE_KEY, INTERACTION_SERVICE_URL } = schema.shape;

export const readConfig = () => readEnvironment(Config);
