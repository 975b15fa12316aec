import { z } from 'zod';

export const Port = z.coerce
  .number('must be a port')
  .int('must be a port')
  .min(1, 'must be a port')
  .max(65_535, 'must be a port');
export const LogLevel = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['debug', 'info', 'warning', 'error'], 'must be debug, info, warning or error'))
  .default('info');
/** 32 random bytes in base64url: what opens other programs' doors. */
export const ServiceKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url');
const hashes = /^[a-z]+=[0-9a-f]{64}(?:,[0-9a-f]{64})?(?:;[a-z]+=[0-9a-f]{64}(?:,[0-9a-f]{64})?)*$/;

/** The settings that every service reads, under its own name: `serviceSettings('CUSTOMER')`. */
export const serviceSettings = <Name extends string>(name: Name) =>
  ({
    [`${name}_PORT`]: Port,
    [`${name}_DATABASE_URL`]: z.url({ protocol: /^postgres(?:ql)?$/, error: 'must be a postgresql:// address' }),
    [`${name}_SERVICE_KEY`]: ServiceKey,
    SERVICE_KEY_HASHES: z.string().regex(hashes, 'must be caller=sha256[,sha256];… in hex'),
    HOST: z.string().default('127.0.0.1'),
    ENVIRONMENT: z.enum(['development', 'production']).default('development'),
    LOG_LEVEL: LogLevel,
  }) as Record<`${Name}_PORT`, typeof Port> &
    Record<`${Name}_DATABASE_URL`, z.ZodURL> &
    Record<`${Name}_SERVICE_KEY`, typeof ServiceKey> & {
      SERVICE_KEY_HASHES: z.ZodString;
      HOST: z.ZodDefault<z.ZodString>;
      ENVIRONMENT: z.ZodDefault<z.ZodEnum<{ development: 'development'; production: 'production' }>>;
      LOG_LEVEL: typeof LogLevel;
    };
