import { roles } from '@clientela/contracts';
import { DocumentNumber, DocumentType, Email, Instant, text, Uuid } from '@clientela/validation';
import { Phone } from '@clientela/validation/phones';
import { z } from 'zod';
import { CompanyReference } from '../companies/schema.ts';

/** A user as every answer shows it. */
export const User = z.strictObject({
  id: Uuid,
  unique_id: z.string().meta({ examples: ['USER-10000000'] }),
  username: z.string(),
  first_name: z.string(),
  last_name: z.string().nullable(),
  email: z.string(),
  phone: z.string().nullable(),
  address: z.string().nullable(),
  number_document_identity: z.string().nullable(),
  document_type: z.string().nullable(),
  is_active: z.boolean(),
  is_staff: z.boolean().meta({ description: 'Any role but customer' }),
  is_superuser: z.boolean(),
  company_id: z
    .string()
    .nullable()
    .meta({ description: 'The readable key of the company', examples: ['COMP-001'] }),
  business_id: Uuid.nullable().meta({ description: 'The UUID of the company' }),
  role: z.enum(roles),
  last_login: Instant.nullable(),
  date_joined: Instant,
  created_at: Instant,
  updated_at: Instant,
});
export type User = z.infer<typeof User>;

const typed = z.string().refine((password) => password.isWellFormed() && !/\p{Cc}/u.test(password), {
  error: 'must not contain control characters or broken Unicode',
  abort: true,
});
const ofLength = (min: number) => (password: string) => [...password].length >= min && [...password].length <= 128;

/** A password that is being chosen; it is taken as it is, spaces at its ends included. */
export const NewPassword = typed
  .refine(ofLength(8), 'must have 8 to 128 characters')
  .meta({ minLength: 8, maxLength: 128, format: 'password' });

export const Username = z.string().regex(/^[A-Za-z0-9._-]{3,50}$/, 'must have 3 to 50 characters of A-Z a-z 0-9 . _ -');

const name = text(255).meta({ description: 'First and last name in one piece; in place of first_name and last_name' });

type Body = Readonly<Record<string, unknown>>;

/** Fields that are names for the same thing: one of them must be given, or may be. */
const oneOf =
  (fields: readonly [string, ...string[]], options: { needed: boolean }) => (body: Body, context: z.RefinementCtx) => {
    const [first, ...others] = fields;
    const given = fields.filter((field) => body[field] !== undefined);
    if (options.needed && given.length === 0) {
      context.addIssue({ code: 'custom', path: [first], message: `is required (or ${others.join(', or ')})` });
    }
    for (const field of given.slice(1)) {
      context.addIssue({ code: 'custom', path: [field], message: `must not stand beside ${given[0]}` });
    }
  };

/** A name comes in one piece or in two, not in both. */
const oneWayToName = (body: Body, context: z.RefinementCtx) => {
  if (body['name'] === undefined && body['ds_user'] === undefined) return;
  for (const field of ['first_name', 'last_name'].filter((part) => body[part] !== undefined)) {
    context.addIssue({ code: 'custom', path: [field], message: 'must not stand beside a name in one piece' });
  }
};

/** These rules look at several fields, so they are asked whatever else is wrong with one of them. */
const always = {
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

export const Registration = z
  .strictObject({
    email: Email.optional(),
    ds_user_email: Email.optional().meta({ description: 'Another name of email' }),
    password: NewPassword,
    name: name.optional(),
    ds_user: name.optional().meta({ description: 'Another name of name' }),
    first_name: text(255).optional(),
    last_name: text(255).nullable().optional(),
    username: Username.optional(),
    phone: Phone.nullable().optional(),
    company_id: CompanyReference.optional(),
    company_name: text(500).optional(),
  })
  .superRefine(oneOf(['email', 'ds_user_email'], { needed: true }), always)
  .superRefine(oneOf(['name', 'ds_user'], { needed: false }), always)
  .superRefine(oneWayToName, always);
export type Registration = z.infer<typeof Registration>;

/** A password that is there already: any that somebody may have. */
const Password = typed
  .refine(ofLength(1), 'must have 1 to 128 characters')
  .meta({ format: 'password', maxLength: 128 });

export const PasswordChange = z.strictObject({ current_password: Password, new_password: NewPassword });

export const Credentials = z
  .strictObject({
    email: Email.optional(),
    ds_user_email: Email.optional().meta({ description: 'Another name of email' }),
    username: text(50).optional(),
    password: Password,
  })
  .superRefine(oneOf(['email', 'ds_user_email', 'username'], { needed: true }), always);
export type Credentials = z.infer<typeof Credentials>;

/** What users may write of themselves. */
export const WritableMe = z.strictObject({
  name,
  first_name: text(255),
  last_name: text(255).nullable(),
  phone: Phone.nullable(),
  address: text(500).nullable(),
  document_type: DocumentType.nullable(),
  number_document_identity: DocumentNumber.nullable(),
});
/** A body in which a name may come in one piece or in two. */
export const namedOneWay = <Fields extends z.ZodObject>(body: Fields): Fields => body.superRefine(oneWayToName, always);
export type MyChanges = Partial<z.infer<typeof WritableMe>>;

export const UserShown = z.strictObject({ user: User });
export const UserSaved = z.strictObject({ message: z.string(), user: User });
export const SignedIn = z.strictObject({
  message: z.string(),
  access_token: z.string(),
  refresh_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int().meta({ description: 'Seconds' }),
  user: User,
});
