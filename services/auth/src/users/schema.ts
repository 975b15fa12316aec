import { roles } from '@clientela/contracts';
import {
  creationBody,
  DocumentNumber,
  DocumentType,
  Email,
  keyword,
  Message,
  queryBoolean,
  querySearch,
  offsetPageSchema,
  offsetQuery,
  text,
  Uuid,
  nameSchemas,
} from '@clientela/validation';
import { Phone } from '@clientela/validation/phones';
import { z } from 'zod';
import { ignoredFields, NewPassword, User, Username, WritableMe } from '../accounts/schema.ts';
import { MadeApiKey } from '../api-keys/schema.ts';
import { CompanyReference } from '../companies/schema.ts';

const RoleInput = keyword(roles);

/** A user as lists show it, without personal details. */
export const UserListItem = User.pick({
  id: true,
  unique_id: true,
  username: true,
  first_name: true,
  last_name: true,
  email: true,
  role: true,
  is_active: true,
  company_id: true,
  version: true,
});
export type UserListItem = z.infer<typeof UserListItem>;

/** Rejects contradicting values of active and is_active. */
export const consistentActive = (body: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void => {
  const { active, is_active } = body;
  if (active === undefined || is_active === undefined || active === is_active) return;
  context.addIssue({ code: 'custom', path: ['active'], message: 'must equal is_active' });
};

export const UserQuery = z
  .strictObject({
    ...offsetQuery,
    role: RoleInput.optional(),
    is_active: queryBoolean.optional(),
    active: queryBoolean.optional().meta({ description: 'Alias of is_active' }),
    search: querySearch
      .optional()
      .meta({ description: 'Matches names, usernames, e-mail addresses and phone numbers' }),
  })
  .superRefine(consistentActive);
export type UserQuery = z.infer<typeof UserQuery>;
export const UserList = offsetPageSchema('users', UserListItem);

/** Accepts a UUID or a USER number. */
export const UserParams = z.strictObject({
  user_id: z
    .union(
      [
        Uuid,
        z
          .string()
          .overwrite((number) => number.toUpperCase())
          .regex(/^USER-\d{8,15}$/),
      ],
      'must be a UUID or a USER number',
    )
    .meta({ examples: ['USER-10000000'] }),
});

const newUser = z.strictObject({
  username: Username.optional(),
  email: Email,
  password: NewPassword.optional().meta({ description: 'Without it the person is invited by mail' }),
  first_name: text(255).optional(),
  last_name: text(255).nullable().optional(),
  phone: Phone.nullable().optional(),
  address: text(500).nullable().optional(),
  number_document_identity: DocumentNumber.nullable().optional(),
  document_type: DocumentType.nullable().optional(),
  company_id: CompanyReference.nullable()
    .optional()
    .meta({ description: 'UUID or key; required from superusers, who have no company of their own' }),
  role: RoleInput.prefault('customer'),
});
export const NewUser = creationBody(User, newUser, ignoredFields);
export type NewUser = z.infer<typeof NewUser>;

/** The fields that a user with users:update may write. */
export const WritableUser = WritableMe.extend({
  username: Username,
  email: Email,
  role: RoleInput,
  is_active: z.boolean(),
});

/** Accepted fields that are not part of the record. */
export const aliasFields = {
  active: z.boolean().optional().meta({ description: 'Alias of is_active' }),
  password: NewPassword.optional(),
};

const revoke_keys = queryBoolean
  .default(false)
  .meta({ description: 'Revokes the API keys that the user made, when the user loses rights' });
export const ChangeQuery = z.strictObject({ revoke_keys });
export const DeleteQuery = z.strictObject({ hard_delete: queryBoolean.default(false), revoke_keys });

const api_keys = z
  .array(MadeApiKey)
  .meta({ description: 'The API keys that the user made and that were good; revoke_keys=true has revoked them' });
export const ChangedUser = User.extend({ api_keys: api_keys.optional() });
export type ChangedUser = z.infer<typeof ChangedUser>;
export const RemovedUser = Message.extend({ api_keys });

nameSchemas({ UserListItem, UserList, NewUser, ChangedUser, RemovedUser });
