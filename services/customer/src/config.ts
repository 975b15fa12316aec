import {
  avatarSettings,
  Rate,
  RateLimits,
  readEnvironment,
  serviceSettings,
  requireAvatarStorage,
} from '@clientela/runtime';
import { z } from 'zod';

const Upstream = z
  .string()
  .regex(/^https?:\/\/[^@?#\s]+$/, 'must be http://host:port or https://host/path')
  .optional();

const shape = z.object({
  ...serviceSettings('CUSTOMER'),
  AUTH_SERVICE_URL: z.url(),
  INTERACTION_SERVICE_URL: z.url(),
  PRODUCT_SERVICE_URL: z.url(),
  FAVORITES_SERVICE_URL: z.url(),
  // Who knows a customer's orders, complaints and appointments; the interaction service, unless it is said otherwise.
  ORDERS_SERVICE_URL: Upstream,
  COMPLAINT_SERVICE_URL: Upstream,
  SCHEDULING_SERVICE_URL: Upstream,
  CUSTOMER_PATCH_RATE: Rate.default({ limit: 5, window: 60_000 }),
  RATE_LIMITS: RateLimits,
  ...avatarSettings,
});

export const Config = shape.superRefine(requireAvatarStorage, { when: () => true });

/** For the programs that do one thing and end. */
export const { CUSTOMER_DATABASE_URL, CUSTOMER_SERVICE_KEY, INTERACTION_SERVICE_URL } = shape.shape;

export const readConfig = () => readEnvironment(Config);
