import { LoginEmail, nameSchemas } from '@clientela/validation';
import { z } from 'zod';
import { NewPassword } from '../accounts/schema.ts';
import { Token } from '../tokens/token.ts';

/** Any address, because older accounts may have one that would be rejected today. */
export const ForgottenPassword = z.strictObject({ email: LoginEmail });
export const PasswordReset = z.strictObject({ token: Token, new_password: NewPassword });

nameSchemas({ ForgottenPassword, PasswordReset });
