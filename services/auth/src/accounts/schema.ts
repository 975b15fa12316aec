import { roles } from '@clientela/contracts';
import {
  creationBody,
  DocumentNumber,
  DocumentType,
  Email,
  Instant,
  LoginEmail,
  text,
  Uuid,
  type IgnoredFields,
  nameSchemas,
} from '@clientela/validation';
import { Phone } from '@clientela/validation/phones';
import { z } from 'zod';
import { CompanyReference } from '../companies/schema.ts';
import { Identity } from '../identities/schema.ts';

/** A user as responses show it. */
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
  is_staff: z.boolean().meta({ description: 'True for every role except customer' }),
  is_superuser: z.boolean(),
  company_id: z
    .string()
    .nullable()
    .meta({ description: 'The readable key of the company', examples: ['COMP-001'] }),
  business_id: Uuid.nullable().meta({ description: 'The UUID of the company' }),
  role: z.enum(roles),
  permissions: z.array(z.string()).meta({
    description: 'What the role may do: resource:action, with the suffix :own when limited to your own record',
    examples: [['customers:read', 'users:update:own']],
  }),
  last_login: Instant.nullable(),
  email_verified_at: Instant.nullable().meta({ description: 'When the user proved to read mails to the address' }),
  identities: z.array(Identity).meta({ description: 'Accounts at other providers by which the user signs in' }),
  date_joined: Instant,
  created_at: Instant,
  updated_at: Instant,
  version: z.int(),
});
export type User = z.infer<typeof User>;

/** Fields of a body that have no effect: sign-ins, roles and sign-in providers change them. */
export const ignoredFields: IgnoredFields = {
  moving: ['last_login', 'permissions', 'identities', 'email_verified_at'],
};

const passwordText = z.string().refine((password) => password.isWellFormed() && !/\p{Cc}/u.test(password), {
  error: 'must not contain control characters or broken Unicode',
  abort: true,
});
const hasLength = (min: number) => (password: string) => [...password].length >= min && [...password].length <= 128;

/** A new password, stored as given: leading and trailing spaces count. */
export const NewPassword = passwordText
  .refine(hasLength(8), 'must have 8 to 128 characters')
  .meta({ minLength: 8, maxLength: 128, format: 'password' });

export const Username = z.string().regex(/^[A-Za-z0-9._-]{3,50}$/, 'must have 3 to 50 characters of A-Z a-z 0-9 . _ -');

const name = text(255).meta({ description: 'Full name, split at its first space; replaces first_name and last_name' });

type Body = Readonly<Record<string, unknown>>;

/** Rejects more than one alias of the same field. @param options.required whether one must be present */
export const exclusiveAliases =
  (fields: readonly [string, ...string[]], options: { required: boolean }) =>
  (body: Body, context: z.RefinementCtx) => {
    const [first, ...aliases] = fields;
    const present = fields.filter((field) => body[field] !== undefined);
    if (options.required && present.length === 0) {
      context.addIssue({ code: 'custom', path: [first], message: `is required (or ${aliases.join(', or ')})` });
    }
    for (const field of present.slice(1)) {
      context.addIssue({ code: 'custom', path: [field], message: `must not be combined with ${present[0]}` });
    }
  };

/** Rejects a full name combined with first_name or last_name. */
const exclusiveNameForms = (body: Body, context: z.RefinementCtx) => {
  if (body['name'] === undefined && body['ds_user'] === undefined) return;
  for (const field of ['first_name', 'last_name'].filter((part) => body[part] !== undefined)) {
    context.addIssue({ code: 'custom', path: [field], message: 'must not be combined with a full name' });
  }
};

/** Runs a cross-field check even when single fields are invalid. */
export const onObjects = {
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

const registration = z
  .strictObject({
    email: Email.optional(),
    ds_user_email: Email.optional().meta({ description: 'Alias of email' }),
    password: NewPassword,
    name: name.optional(),
    ds_user: name.optional().meta({ description: 'Alias of name' }),
    first_name: text(255).optional(),
    last_name: text(255).nullable().optional(),
    username: Username.optional(),
    phone: Phone.nullable().optional(),
    company_id: CompanyReference.optional(),
    company_name: text(500).optional(),
  })
  .superRefine(exclusiveAliases(['email', 'ds_user_email'], { required: true }), onObjects)
  .superRefine(exclusiveAliases(['name', 'ds_user'], { required: false }), onObjects)
  .superRefine(exclusiveNameForms, onObjects);
export const Registration = creationBody(User, registration, ignoredFields);
export type Registration = z.infer<typeof Registration>;

/** An existing password; older ones may be shorter than the current minimum. */
export const Password = passwordText
  .refine(hasLength(1), 'must have 1 to 128 characters')
  .meta({ format: 'password', maxLength: 128 });

export const PasswordChange = z.strictObject({ current_password: Password, new_password: NewPassword });

export const Credentials = z
  .strictObject({
    email: LoginEmail.optional(),
    ds_user_email: LoginEmail.optional().meta({ description: 'Alias of email' }),
    username: text(50).optional(),
    username_or_email: z
      .union(
        [Email, text(50), LoginEmail.refine((email) => email.includes('@'))],
        'must be a username or an e-mail address',
      )
      .optional(),
    password: Password,
  })
  .superRefine(
    exclusiveAliases(['email', 'ds_user_email', 'username', 'username_or_email'], { required: true }),
    onObjects,
  );
export type Credentials = z.infer<typeof Credentials>;

/** The fields that users may change in their own record. */
export const WritableMe = z.strictObject({
  name,
  first_name: text(255),
  last_name: text(255).nullable(),
  phone: Phone.nullable(),
  address: text(500).nullable(),
  document_type: DocumentType.nullable(),
  number_document_identity: DocumentNumber.nullable(),
});
/** Accepts a full name or its two parts, not both. */
export const withExclusiveNameForms = <Fields extends z.ZodObject>(body: Fields): Fields =>
  body.superRefine(exclusiveNameForms, onObjects);
export type OwnChanges = Partial<z.infer<typeof WritableMe>>;

export const UserResponse = z.strictObject({ user: User });
export const SavedUserResponse = z.strictObject({ message: z.string(), user: User });
export const SignInResponse = z.strictObject({
  message: z.string(),
  access_token: z.string(),
  refresh_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int().meta({ description: 'Seconds' }),
  user: User,
});

nameSchemas({ User, Registration, PasswordChange, Credentials, UserResponse, SavedUserResponse, SignInResponse });
