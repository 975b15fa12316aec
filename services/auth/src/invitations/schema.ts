import { roles } from '@clientela/contracts';
import {
  creationBody,
  Email,
  Instant,
  keyword,
  nameSchemas,
  offsetPageSchema,
  offsetQuery,
  text,
  Uuid,
} from '@clientela/validation';
import { z } from 'zod';
import { exclusiveAliases, NewPassword, onObjects, SignInResponse } from '../accounts/schema.ts';
import { CompanyReference } from '../companies/schema.ts';
import { OneTimeCode } from '../identities/schema.ts';
import { languages } from '../mails/schema.ts';
import { Token } from '../tokens/token.ts';

const statuses = ['sent', 'opened', 'accepted', 'expired', 'revoked'] as const;
/** The roles of a company. Nobody is invited to be a superuser. */
export const invitedRoles = roles.filter((role) => role !== 'superuser');

export const Invitation = z.strictObject({
  id: Uuid,
  email: z.string(),
  role: z.enum(roles),
  name: z.string().nullable(),
  language: z.enum(languages),
  company_id: z.string().meta({ description: 'The readable key of the company', examples: ['COMP-001'] }),
  business_id: Uuid.meta({ description: 'The UUID of the company' }),
  status: z.enum(statuses).meta({
    description:
      'revoked: also when who invited may no longer do so, and when the address has a user by now; opened: the page behind the link was opened',
  }),
  expires_at: Instant,
  invited_by: Uuid.nullable().meta({ description: 'The user who invited; null when it was deleted' }),
  created_at: Instant,
  version: z.int(),
});
export type Invitation = z.infer<typeof Invitation>;

const newInvitation = z.strictObject({
  email: Email,
  role: keyword(invitedRoles as [string, ...string[]]),
  name: text(255).nullable().optional(),
  language: keyword(languages).optional().meta({ description: 'Of the mail; default that of the company’s country' }),
  company_id: CompanyReference.nullable()
    .optional()
    .meta({ description: 'UUID or key; required from superusers, who have no company of their own' }),
});
export const NewInvitation = creationBody(Invitation, newInvitation);

export const InvitationParams = z.strictObject({ invitation_id: Uuid });
export const InvitationQuery = z.strictObject(offsetQuery);
export const InvitationList = offsetPageSchema('invitations', Invitation);
export const InvitationResponse = z.strictObject({ message: z.string(), invitation: Invitation });

export const InvitationToken = z.strictObject({ token: Token });
export const InvitationPreview = z.strictObject({
  company_name: z.string(),
  role: z.enum(roles),
  email: z.string(),
  name: z.string().nullable(),
});
export const InvitationAcceptance = z
  .strictObject({
    token: Token,
    name: text(255)
      .optional()
      .meta({ description: 'Full name; required with a password, unless the invitation has one' }),
    password: NewPassword.optional(),
    oidc_code: OneTimeCode.optional().meta({
      description: 'In place of a password: of the return from a provider, by which the user will sign in',
    }),
  })
  .superRefine(exclusiveAliases(['password', 'oidc_code'], { required: true }), onObjects);
export { SignInResponse };

nameSchemas({
  Invitation,
  NewInvitation,
  InvitationList,
  InvitationResponse,
  InvitationToken,
  InvitationPreview,
  InvitationAcceptance,
});
