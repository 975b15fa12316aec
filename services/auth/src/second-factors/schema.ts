import { nameSchemas } from '@clientela/validation';
import { z } from 'zod';
import { onObjects, Password } from '../accounts/schema.ts';

/** A code of an authenticator app; people type it with a space in the middle. */
export const TotpCode = z
  .string()
  .max(20)
  .overwrite((code) => code.replaceAll(/\s/g, ''))
  .regex(/^[0-9]{6}$/, 'must have 6 digits')
  .meta({ description: 'The code that the authenticator app shows', examples: ['492039'] });

export const RecoveryCode = z
  .string()
  .min(1)
  .max(40)
  .meta({ description: 'One of the ten codes, which it spends', examples: ['x7k2-9qpm-4tzd-0e8w'] });

/** A code of the app, or one of the recovery codes. */
export const eitherCode = { code: TotpCode.optional(), recovery_code: RecoveryCode.optional() };
export type EitherCode = { code?: string | undefined; recovery_code?: string | undefined };

/** Requires exactly one of the two codes. For `superRefine(…, onObjects)`. */
export const oneCode = (body: EitherCode, context: z.RefinementCtx): void => {
  const { code, recovery_code } = body;
  if (code === undefined && recovery_code === undefined)
    context.addIssue({ code: 'custom', path: ['code'], message: 'is required (or recovery_code)' });
  if (code !== undefined && recovery_code !== undefined)
    context.addIssue({ code: 'custom', path: ['recovery_code'], message: 'must not be combined with code' });
};

export const TotpSetup = z.strictObject({ current_password: Password });
export const TotpSecret = z.strictObject({
  secret: z.string().meta({ description: 'In base32, for apps without a camera' }),
  otpauth_url: z.string(),
  qr_svg: z.string().meta({ description: 'A QR code of the URL, an SVG document' }),
});
export const TotpConfirmation = z.strictObject({ code: TotpCode });
export const TotpRemoval = z
  .strictObject({ current_password: Password, ...eitherCode })
  .superRefine(oneCode, onObjects);
export const RecoveryCodes = z.strictObject({
  message: z.string(),
  recovery_codes: z.array(z.string()).length(10).meta({ description: 'Shown this one time' }),
});
export const SecondFactorState = z.strictObject({
  totp: z.boolean().meta({ description: 'Whether sign-in asks for a code' }),
  recovery_codes_left: z.int(),
});

nameSchemas({ TotpSetup, TotpSecret, TotpConfirmation, TotpRemoval, RecoveryCodes, SecondFactorState });
