import { Email, nameSchemas } from '@clientela/validation';
import { z } from 'zod';
import { Password } from '../accounts/schema.ts';
import { Token } from '../tokens/token.ts';

export const TokenRequest = z.strictObject({ token: Token });
export const EmailChange = z.strictObject({ email: Email, current_password: Password });

nameSchemas({ TokenRequest, EmailChange });
