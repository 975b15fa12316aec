import { readEnvironment, serviceSettings } from '@clientela/runtime';
import { z } from 'zod';

export const Config = z.object({
  ...serviceSettings('INTERACTION'),
  AUTH_SERVICE_URL: z.url(),
  CUSTOMER_SERVICE_URL: z.url(),
  PRODUCT_SERVICE_URL: z.url(),
});

export const readConfig = () => readEnvironment(Config);
