import { nameSchemas } from '@clientela/validation';
import { z } from 'zod';
import { onObjects } from '../accounts/schema.ts';
import { eitherCode, oneCode } from '../second-factors/schema.ts';

/** Validates only the length of the token: a malformed one gets the same 401 as an unknown one. */
export const MfaSignIn = z
  .strictObject({
    mfa_token: z.string().min(1).max(200).meta({ description: 'Of the 401 MFA_REQUIRED' }),
    ...eitherCode,
  })
  .superRefine(oneCode, onObjects);

nameSchemas({ MfaSignIn });
