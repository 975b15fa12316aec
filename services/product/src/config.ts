import { readEnvironment, serviceSettings, ServiceUrl } from '@clientela/runtime';
import { z } from 'zod';

export const Config = z.object({
  ...serviceSettings('PRODUCT'),
  AUTH_SERVICE_URL: ServiceUrl,
});

export const { PRODUCT_DATABASE_URL } = Config.shape;
export const readConfig = () => readEnvironment(Config);
