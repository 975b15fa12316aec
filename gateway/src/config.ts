import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import {
  drainSettings,
  isRefusedPort,
  logSettings,
  MetricsToken,
  PerWindow,
  Port,
  Rate,
  RateLimits,
  RedisUrl,
  readEnvironment,
  secretForHs256,
  ServiceKey,
  tokenSettings,
  traceSettings,
} from '@clientela/runtime';
import { z } from 'zod';
import { CorsOrigins } from './cors.ts';

const isServiceUrl = (text: string) => /^http:\/\/[^/@?#\s,]+\/?$/.test(text) && URL.canParse(text);

/** Where the replicas of a service listen: one URL, or several separated by commas. */
const ServiceUrls = z.string().transform((text, context): string[] => {
  const urls = text.split(',').map((part) => part.trim());
  const problem = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  if (urls.length > 32) return problem('must be at most 32 URLs');
  if (!urls.every(isServiceUrl)) return problem('must be http://host:port without a path, or several with commas');
  if (urls.some((url) => isRefusedPort(Number(new URL(url).port || 80))))
    // no probe would reach it
    return problem('must have a port that browsers do not refuse');
  const origins = urls.map((url) => new URL(url).origin);
  return new Set(origins).size === origins.length ? origins : problem('must not repeat a URL');
});

const isNetwork = (text: string) => {
  const [address = '', prefixLength, rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest !== undefined) return false;
  // A prefix length of 0 would trust every address.
  return (
    prefixLength === undefined ||
    (/^[1-9]\d{0,2}$/.test(prefixLength) && Number(prefixLength) <= (version === 4 ? 32 : 128))
  );
};

/** Proxies whose X-Forwarded-For is trusted: their number, or their networks. Trusts none by default. */
const TrustProxy = z.string().transform((text, context): number | string[] => {
  if (/^\d$/.test(text)) return Number(text);
  const networks = text.split(',').map((part) => part.trim());
  if (networks.every(isNetwork)) return networks;
  context.addIssue({
    code: 'custom',
    message: 'must be a number of proxies (0 to 9) or networks such as 10.0.0.0/8,fd00::/8',
  });
  return z.NEVER;
});

const MaxConcurrent = z.coerce
  .number('must be a whole number')
  .int('must be a whole number')
  .min(1, 'must be from 1 to 100000')
  .max(100_000, 'must be from 1 to 100000');

/** Minutes without a touch after which the console signs out. Null: never. */
const IdleMinutes = z.string().transform((text, context): number | null => {
  if (text === 'off') return null;
  const minutes = /^\d{2,3}$/.test(text) ? Number(text) : 0;
  if (minutes >= 15 && minutes <= 480) return minutes;
  context.addIssue({ code: 'custom', message: 'must be off, or a whole number from 15 to 480' });
  return z.NEVER;
});

const settings = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: Port.default(8080),
  GATEWAY_SERVICE_KEY: ServiceKey,
  AUTH_SERVICE_URL: ServiceUrls,
  CUSTOMER_SERVICE_URL: ServiceUrls,
  INTERACTION_SERVICE_URL: ServiceUrls,
  PRODUCT_SERVICE_URL: ServiceUrls,
  FAVORITES_SERVICE_URL: ServiceUrls,
  ...tokenSettings,
  TRUST_PROXY: TrustProxy.default(0),
  RATE_LIMIT_IP_PER_MINUTE: PerWindow.default(100),
  RATE_LIMIT_IP_PER_HOUR: PerWindow.default(1000),
  RATE_LIMIT_USER_PER_MINUTE: PerWindow.default(600),
  RATE_LIMIT_USER_PER_HOUR: PerWindow.default(20_000),
  TRUST_TRACEPARENT: z.enum(['on', 'off'], 'must be on or off').default('off'),
  CORS_ORIGINS: CorsOrigins.default('*'),
  LOGIN_RATE: Rate.default({ limit: 10, window: 60_000 }),
  MAX_CONCURRENT_PER_USER: MaxConcurrent.default(32),
  MAX_CONCURRENT_PER_COMPANY: MaxConcurrent.default(64),
  MAX_CONCURRENT_PER_IP: MaxConcurrent.default(64),
  RATE_LIMITS: RateLimits,
  METRICS_TOKEN: MetricsToken.optional(),
  CONSOLE: z.enum(['on', 'off'], 'must be on or off').default('on'),
  CONSOLE_FOLDER: z.string().refine(isAbsolute, 'must be an absolute path').optional(),
  CONSOLE_IDLE_MINUTES: IdleMinutes.default(null),
  REDIS_URL: RedisUrl,
  ...drainSettings,
  ...logSettings,
  ...traceSettings,
});
export const Config = settings.superRefine(secretForHs256, { when: () => true });
export type Config = z.infer<typeof Config>;

/** @throws EnvironmentError listing every invalid setting */
export const readConfig = (env: NodeJS.ProcessEnv = process.env): Config => readEnvironment(Config, env);
