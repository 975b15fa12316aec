import { readEnvironment, serviceSettings } from '@clientela/runtime';
import { z } from 'zod';

export const Config = z.object({
  ...serviceSettings('CUSTOMER'),
  AUTH_SERVICE_URL: z.url(),
  INTERACTION_SERVICE_URL: z.url(),
  FAVORITES_SERVICE_URL: z.url(),
});

export const readConfig = () => readEnvironment(Config);
