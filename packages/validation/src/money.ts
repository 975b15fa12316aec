import { z } from 'zod';

const plainDecimal = /^(-?)0*(\d{1,13})(?:\.(\d{1,2}))?$/;

/**
 * An amount in a request: a decimal with at most two places, as a string or number. Converted to a string with two places.
 * @param min smallest allowed amount, in hundredths
 */
export const money = (min: number) =>
  z
    .union([z.string(), z.number()], 'must be a decimal with at most two places')
    .transform((value, context) => {
      const [, sign = '', whole = '', places = ''] = plainDecimal.exec(String(value)) ?? [];
      if (!whole) {
        context.addIssue({ code: 'custom', message: 'must be a plain decimal with at most two places' });
        return z.NEVER;
      }
      const hundredths = BigInt(`${sign}${whole}${places.padEnd(2, '0')}`);
      if (hundredths < BigInt(min)) {
        context.addIssue({ code: 'custom', message: `must be at least ${(min / 100).toFixed(2)}` });
        return z.NEVER;
      }
      return `${hundredths === 0n ? '' : sign}${whole}.${places.padEnd(2, '0')}`;
    })
    .meta({ type: 'string', format: 'decimal', examples: ['1234.50'], override: { type: 'string' } });

/** An amount in a response. */
export const Money = z
  .string()
  .regex(/^-?\d+\.\d{2}$/)
  .meta({ format: 'decimal', examples: ['1234.50'] });

const currencies = new Set(Intl.supportedValuesOf('currency'));

/** An ISO 4217 code, accepted in any case. */
export const Currency = z
  .string()
  .overwrite((code) => code.toUpperCase())
  .refine((code) => currencies.has(code), 'must be an ISO 4217 currency code')
  .meta({ minLength: 3, maxLength: 3, examples: ['EUR'] });
