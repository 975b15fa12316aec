import { z } from 'zod';

/** Ports of other protocols, which `fetch` and browsers refuse: https://fetch.spec.whatwg.org/#port-blocking. */
const refusedPorts = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10_080,
]);
export const isRefusedPort = (port: number): boolean => refusedPorts.has(port);

export const Port = z.coerce
  .number('must be a port')
  .int('must be a port')
  .min(1, 'must be a port')
  .max(65_535, 'must be a port')
  .refine((port) => !isRefusedPort(port), 'must be a port that browsers do not refuse');
export const LogLevel = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['debug', 'info', 'warning', 'error'], 'must be debug, info, warning or error'))
  .default('info');
export const Environment = z
  .enum(['development', 'production'], 'must be development or production')
  .default('development');
const hasNoCredentials = (url: string) => !URL.canParse(url) || new URL(url).username + new URL(url).password === '';
const LogServiceUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
  .refine(hasNoCredentials, 'must have no credentials');

/** The settings of every process about its log. Without a format: lines for people in development, JSON in production. */
export const logSettings = {
  ENVIRONMENT: Environment,
  LOG_LEVEL: LogLevel,
  LOG_FORMAT: z.enum(['json', 'pretty'], 'must be json or pretty').optional(),
  LOG_SERVICE_URL: LogServiceUrl.optional(),
};
export type LogSettings = z.infer<z.ZodObject<typeof logSettings>>;

const isDecodable = (text: string) => {
  try {
    return decodeURIComponent(text) !== undefined;
  } catch {
    return false;
  }
};
const HeaderPairs = z
  .string()
  .regex(/^\s*[\w-]+\s*=[\x20-\x2b\x2d-\x7e]*(?:,\s*[\w-]+\s*=[\x20-\x2b\x2d-\x7e]*)*$/, 'must be name=value,…')
  .refine(isDecodable, 'must be correctly percent-encoded');

/** The settings of every process about traces: OpenTelemetry's own. Without an endpoint nothing is traced. */
export const traceSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .refine(hasNoCredentials, 'must have no credentials')
    .optional(),
  OTEL_EXPORTER_OTLP_HEADERS: HeaderPairs.optional(),
  OTEL_TRACES_SAMPLER: z
    .enum(
      [
        'always_on',
        'always_off',
        'traceidratio',
        'parentbased_always_on',
        'parentbased_always_off',
        'parentbased_traceidratio',
      ],
      "must be one of OpenTelemetry's samplers",
    )
    .default('parentbased_traceidratio'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number('must be a number')
    .min(0, 'must be from 0 to 1')
    .max(1, 'must be from 0 to 1')
    .default(0.05),
  OTEL_SERVICE_NAME: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'must be 1 to 100 letters, digits, dots, underscores or hyphens')
    .optional(),
};
export type TraceSettings = z.infer<z.ZodObject<typeof traceSettings>>;

/** What Prometheus sends to read the metrics of the gateway. */
export const MetricsToken = z.string().regex(/^[\x21-\x7e]{16,256}$/, 'must be 16 to 256 visible ASCII characters');
/** Seconds for which a stopping process goes on serving, with failed readiness, so that its callers notice. */
const DrainDelay = z.coerce
  .number('must be a number of seconds')
  .int('must be a whole number of seconds')
  .min(0, 'must be from 0 to 60')
  .max(60, 'must be from 0 to 60')
  .optional();
/** The settings of every process about its stop. */
export const drainSettings = { ENVIRONMENT: Environment, DRAIN_DELAY: DrainDelay };

const defaultDrainDelay = { development: 0, production: 5 };

/** @returns milliseconds; by default long enough in production for callers to probe, and none in development */
export const drainDelayMs = (settings: z.infer<z.ZodObject<typeof drainSettings>>): number =>
  (settings.DRAIN_DELAY ?? defaultDrainDelay[settings.ENVIRONMENT]) * 1000;

/** Where a process reaches a service. */
export const ServiceUrl = z.url({ protocol: /^https?$/, error: 'must be http://host:port' });
/** 32 random bytes in base64url, which authenticate a service at the others. */
export const ServiceKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url');

/** 32 random bytes in base64url, from which a service derives its own keys. Never leaves the service. */
export const Secret = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url');

const milliseconds = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** `10/minute`: a limit per window, which is parsed into milliseconds. */
export const Rate = z
  .string()
  .regex(/^[1-9]\d{0,5}\/(?:second|minute|hour|day)$/, 'must be n/second, n/minute, n/hour or n/day')
  .transform((text): { limit: number; window: number } => {
    const [limit, unit] = text.split('/');
    return { limit: Number(limit), window: milliseconds[unit as keyof typeof milliseconds] };
  });
export type Rate = z.infer<typeof Rate>;
/** A limit of requests per window. */
export const PerWindow = z.coerce
  .number('must be a whole number')
  .int('must be a whole number')
  .min(1, 'must be from 1 to 1000000')
  .max(1_000_000, 'must be from 1 to 1000000');
/** `off` disables all rate limits. */
export const RateLimits = z.enum(['on', 'off'], 'must be on or off').default('on');

/** Redis, which instances share. Without it each process counts and polls on its own. */
export const RedisUrl = z.url({ protocol: /^rediss?$/, error: 'must be a redis:// URL' }).optional();

/** The algorithm of access tokens: auth's own key (ES256), or a secret that auth and the gateway share (HS256). */
export const tokenSettings = {
  JWT_ALGORITHM: z.enum(['ES256', 'HS256'], 'must be ES256 or HS256').default('ES256'),
  JWT_SECRET_KEY: z
    .string()
    // RFC 7518, 3.2: the key is at least as long as the hash.
    .refine((text) => Buffer.byteLength(text) >= 32, 'must have at least 32 bytes')
    .optional(),
};

/** HS256 requires its secret. For `superRefine(…, { when: () => true })`, so that it is reported with all other issues. */
export function secretForHs256(values: object, context: z.RefinementCtx): void {
  const { JWT_ALGORITHM, JWT_SECRET_KEY } = values as Record<string, unknown>;
  if (JWT_ALGORITHM === 'HS256' && JWT_SECRET_KEY === undefined)
    context.addIssue({ code: 'custom', path: ['JWT_SECRET_KEY'], message: 'is missing' });
}

const hashes = /^[a-z]+=[0-9a-f]{64}(?:,[0-9a-f]{64})?(?:;[a-z]+=[0-9a-f]{64}(?:,[0-9a-f]{64})?)*$/;

const BrokerUrl = z.url({ protocol: /^amqps?$/, error: 'must be an amqp:// URL' }).optional();

/** The transport of events: RabbitMQ, or HTTP between the services without a URL. */
export const eventSettings = {
  RABBITMQ_URL: BrokerUrl,
  RABBITMQ_EXCHANGE: z
    .string()
    .regex(/^(?!amq\.)[\w.-]{1,100}$/, 'must be 1 to 100 letters, digits, dots, underscores or hyphens')
    .default('bee.customers.events'),
};

/** The settings of every service, prefixed by its name: `serviceSettings('CUSTOMER')`. */
export const serviceSettings = <Name extends string>(name: Name) =>
  ({
    [`${name}_PORT`]: Port,
    [`${name}_DATABASE_URL`]: z.url({ protocol: /^postgres(?:ql)?$/, error: 'must be a postgresql:// URL' }),
    [`${name}_SERVICE_KEY`]: ServiceKey,
    [`${name}_SECRET`]: Secret,
    [`${name}_RABBITMQ_URL`]: BrokerUrl,
    SERVICE_KEY_HASHES: z.string().regex(hashes, 'must be caller=sha256[,sha256];… in hex'),
    HOST: z.string().default('127.0.0.1'),
    ...logSettings,
    ...traceSettings,
    ...drainSettings,
    ...eventSettings,
  }) as Record<`${Name}_PORT`, typeof Port> &
    Record<`${Name}_DATABASE_URL`, z.ZodURL> &
    Record<`${Name}_SERVICE_KEY`, typeof ServiceKey> &
    Record<`${Name}_SECRET`, typeof Secret> &
    Record<`${Name}_RABBITMQ_URL`, typeof BrokerUrl> & {
      SERVICE_KEY_HASHES: z.ZodString;
      HOST: z.ZodDefault<z.ZodString>;
    } & typeof logSettings &
    typeof traceSettings &
    typeof drainSettings &
    typeof eventSettings;
