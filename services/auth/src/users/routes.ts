import { accessLevel } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { invalid, notFound, rejectFields, type FieldError } from '@clientela/errors';
import { patchBody, reply, route, withETag, type Actor, type CompanyActor, type Route } from '@clientela/http';
import { documentNumberError, ignoring, Message, nameSchemas, normalizeDocumentNumber } from '@clientela/validation';
import type { CreateProfile } from '../accounts/customer-profiles.ts';
import type { Passwords } from '../accounts/passwords.ts';
import { toUser, toUserResponse } from '../accounts/presenter.ts';
import { fullName, passwordError, toAccount } from '../accounts/rules.ts';
import { ignoredFields, User, withExclusiveNameForms } from '../accounts/schema.ts';
import { findUserByKey, type StoredUser } from '../accounts/store.ts';
import type { CompanyDefaults } from '../companies/schema.ts';
import { inviteUser } from '../invitations/actions.ts';
import { toInvitationResponse } from '../invitations/presenter.ts';
import { InvitationResponse } from '../invitations/schema.ts';
import { requireMail, type Mails } from '../mails/outbox.ts';
import { chooseLanguage } from '../mails/rules.ts';
import {
  changeUserWithKeys,
  createUser,
  deactivateUser,
  removeUser,
  resetFactor,
  roleAboveOwn,
  userOutranksActor,
} from './actions.ts';
import { requireCompany, requireNoCompany } from './company.ts';
import { canSee, outranks } from './rules.ts';
import {
  aliasFields,
  ChangedUser,
  ChangeQuery,
  consistentActive,
  DeleteQuery,
  NewUser,
  RemovedUser,
  UserList,
  UserParams,
  UserQuery,
  WritableUser,
} from './schema.ts';
import { listUsers } from './store.ts';

export type UserDeps = {
  passwords: Passwords;
  defaults: CompanyDefaults;
  createProfile: CreateProfile;
  mails: Mails;
  requireVerifiedEmail: boolean;
};

const path = '/api/v1/users';
const userPath = `${path}/{user_id}`;

type OwnershipContext = { actor: CompanyActor; params: Record<string, string>; db: Db };
const isSelf = async ({ actor, params, db }: OwnershipContext): Promise<boolean> =>
  params['user_id'] === actor.id || (await findUserByKey(db, params['user_id'] ?? ''))?.id === actor.id;

/** @throws AppError 404 when the user is unknown or belongs to another company */
async function findVisibleUser(db: Db, actor: Actor, key: string): Promise<StoredUser> {
  const user = await findUserByKey(db, key);
  if (!user || !canSee(actor, user)) throw notFound('user');
  return user;
}

export const userRoutes = (deps: UserDeps): Route[] => [
  route({
    method: 'get',
    path,
    operation: 'users.list',
    summary: 'List users',
    description: 'Newest first. Only superusers see users of other companies.',
    allow: 'users:read',
    tenancy: 'company-or-all',
    query: UserQuery,
    responses: { 200: UserList },
    handle: async ({ db, scope, query }) => {
      const { rows: users, ...totals } = await listUsers(db, scope, query);
      return { users, ...totals, limit: query.limit, offset: query.offset };
    },
  }),
  create(deps),
  route({
    method: 'get',
    path: userPath,
    operation: 'users.get',
    errors: { 404: ['USER_NOT_FOUND'] },
    summary: 'Get a user',
    description: 'By id or USER number: your own record, or any of the company with users:read.',
    allow: { permission: 'users:read', own: isSelf },
    tenancy: 'global',
    params: UserParams,
    responses: { 200: User },
    conditionalGet: false, // last_login changes without a new version
    handle: async ({ db, actor, params }) => toUserResponse(await findVisibleUser(db, actor, params.user_id)),
  }),
  change(deps),
  route({
    method: 'delete',
    path: userPath,
    operation: 'users.delete',
    errors: { 404: ['USER_NOT_FOUND'], 409: ['LAST_ADMIN', 'LAST_SUPERUSER'] },
    summary: 'Deactivate or delete a user',
    description:
      'Ends the user’s sessions. With hard_delete=true the record is deleted permanently. The last active admin of a company cannot be removed. ' +
      'API keys that the user made stay good, unless revoke_keys=true.',
    allow: 'users:delete',
    tenancy: 'global',
    params: UserParams,
    query: DeleteQuery,
    responses: { 200: RemovedUser },
    handle: async ({ tx, actor, params, query, expected_version }) => {
      const { id } = await findVisibleUser(tx, actor, params.user_id);
      const target = { actor, id, hasUpdatePermission: true, expected_version };
      const api_keys = await (query.hard_delete ? removeUser : deactivateUser)(tx, target, query.revoke_keys);
      return { message: query.hard_delete ? 'User removed' : 'User deactivated', api_keys };
    },
  }),
  resetSecondFactor(deps),
];

const create = ({ passwords, defaults, createProfile, mails, requireVerifiedEmail }: UserDeps) =>
  route({
    method: 'post',
    path,
    operation: 'users.create',
    errors: {
      404: ['COMPANY_NOT_FOUND'],
      409: ['USER_EMAIL_TAKEN', 'USER_USERNAME_TAKEN', 'TOO_MANY_INVITATIONS'],
      503: ['MAIL_NOT_CONFIGURED'],
    },
    summary: 'Create a user',
    description:
      'Adds a user to your company; a superuser names the company in the body. The role cannot be above your own. NIT, RUT, CPF and CNPJ numbers must have a valid check digit. Without password the person is invited by mail (202) and chooses one; the other fields are kept until then.',
    allow: 'users:create',
    tenancy: 'global',
    body: NewUser,
    example: { email: 'ana@example.com', password: 'correct horse battery', first_name: 'Ana', role: 'viewer' },
    responses: { 201: User, 202: InvitationResponse },
    prepare: async ({ db, actor, body, signal }) => {
      const { password, role, address = null, document_type = null } = body;
      const number = body.number_document_identity ?? null;
      if (outranks(role, actor)) throw roleAboveOwn();
      const company = role === 'superuser' ? requireNoCompany(body) : await requireCompany(db, actor, body.company_id);
      const account = toAccount({ ...body, password: password ?? '', company_id: undefined });
      const errors: FieldError[] = [];
      const weakness = password === undefined ? undefined : passwordError(password, account);
      if (weakness) errors.push({ path: 'password', message: weakness });
      if (password === undefined && !company) errors.push({ path: 'password', message: 'is required' });
      const message = document_type && number && documentNumberError(document_type, number, company?.country);
      if (message) errors.push({ path: 'number_document_identity', message });
      if (errors.length > 0) throw invalid(errors);
      if (password === undefined) requireMail(mails);
      const number_document_identity = number && normalizeDocumentNumber(number, document_type);
      const rest = { address, document_type, number_document_identity };
      const password_hash = password === undefined ? undefined : await passwords.hash(password, signal);
      return { account, password_hash, role, company, rest };
    },
    handle: async ({ tx, actor, body, prepared }) => {
      const { company, password_hash, role, rest } = prepared;
      if (password_hash !== undefined)
        return toUserResponse(
          await createUser(
            tx,
            actor,
            { ...prepared, password_hash, must_verify_email: requireVerifiedEmail },
            defaults.country,
          ),
        );
      const { username, first_name, last_name, phone } = body;
      const { id: company_id = '', country = null } = company ?? {};
      const invitation = await inviteUser(tx, mails, actor, {
        company_id,
        email: body.email,
        role,
        name: first_name === undefined ? null : fullName({ first_name, last_name: last_name ?? null }),
        language: chooseLanguage(null, country),
        invited_account: { username, first_name, last_name, phone, ...rest },
      });
      return reply(202, toInvitationResponse('Invitation sent', invitation));
    },
    afterCommit: async ({ result: { body }, actor, request_id }) => {
      if ('id' in body) await createProfile(body, { actor, request_id });
    },
  });

const UserChange = ignoring(
  withExclusiveNameForms(patchBody(User, WritableUser).extend(aliasFields)).superRefine(consistentActive),
  ignoredFields,
);
nameSchemas({ UserPatch: UserChange });
type Change = { password?: string; active?: boolean } & Record<string, unknown>;

const change = ({ passwords, defaults, mails, requireVerifiedEmail }: UserDeps) =>
  route({
    method: 'put',
    path: userPath,
    operation: 'users.update',
    errors: {
      404: ['USER_NOT_FOUND'],
      409: ['LAST_ADMIN', 'LAST_SUPERUSER', 'USER_EMAIL_TAKEN', 'USER_USERNAME_TAKEN'],
    },
    summary: 'Change a user',
    description:
      'Omitted fields keep their value; null clears one. In your own record you may change name, phone, address and document; users:update also allows username, email, role, active (or is_active) and password. A new role, a new password and deactivation end the user’s sessions. The last active admin of a company cannot be removed. ' +
      'A user who is demoted or inactive is returned with the API keys that it made, which stay good unless revoke_keys=true.',
    allow: { permission: 'users:update', own: isSelf },
    tenancy: 'global',
    params: UserParams,
    query: ChangeQuery,
    body: UserChange,
    example: { first_name: 'Ana', phone: '+34600111222' },
    responses: { 200: ChangedUser },
    prepare: async ({ db, actor, params, body, signal }) => {
      const user = await findVisibleUser(db, actor, params.user_id);
      const hasUpdatePermission = actor.role !== 'service' && accessLevel(actor.role, 'users:update') === 'any';
      const { password, active, ...rest } = body as Change;
      const fields = active === undefined ? rest : { ...rest, is_active: active };
      const prepared = { id: user.id, hasUpdatePermission, fields };
      if (password === undefined) return { ...prepared, password_hash: undefined };
      if (!hasUpdatePermission) rejectFields(['password'], 'users:update');
      if (outranks(user.role, actor)) throw userOutranksActor();
      const { first_name, last_name, email, username } = { ...user, ...rest } as StoredUser;
      const message = passwordError(password, { first_name, last_name, email, username });
      if (message) throw invalid([{ path: 'password', message }]);
      return { ...prepared, password_hash: await passwords.hash(password, signal) };
    },
    handle: async ({ tx, actor, query, prepared, expected_version }) => {
      const { id, hasUpdatePermission, fields, password_hash } = prepared;
      const options = {
        password_hash,
        country: defaults.country,
        mails,
        requireVerifiedEmail,
        revoke: query.revoke_keys,
      };
      const target = { actor, id, hasUpdatePermission, expected_version };
      const { user, api_keys } = await changeUserWithKeys(tx, target, fields, options);
      return withETag(user.version, { ...toUser(user), ...(api_keys && { api_keys }) });
    },
  });

const resetSecondFactor = ({ mails }: UserDeps) =>
  route({
    method: 'delete',
    path: `${userPath}/mfa`,
    operation: 'users.mfa.reset',
    errors: { 404: ['USER_NOT_FOUND'] },
    summary: 'Remove the second factor of a user',
    description:
      'For somebody who has lost it; never your own. The user’s sessions end, and a mail tells the user. Has no effect on a user without one.',
    allow: 'users:update',
    tenancy: 'global',
    params: UserParams,
    responses: { 200: Message },
    handle: async ({ tx, actor, params, expected_version }) => {
      const { id } = await findVisibleUser(tx, actor, params.user_id);
      await resetFactor(tx, mails, { actor, id, hasUpdatePermission: true, expected_version });
      return { message: 'Second factor removed' };
    },
  });
