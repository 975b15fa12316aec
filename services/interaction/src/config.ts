import { readEnvironment, serviceSettings, ServiceUrl } from '@clientela/runtime';
import { z } from 'zod';

export const Config = z.object({
  ...serviceSettings('INTERACTION'),
  AUTH_SERVICE_URL: ServiceUrl,
  CUSTOMER_SERVICE_URL: ServiceUrl,
  PRODUCT_SERVICE_URL: ServiceUrl,
});

export const { INTERACTION_DATABASE_URL } = Config.shape;
export const readConfig = () => readEnvironment(Config);
