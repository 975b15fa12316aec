import { invalid } from '@clientela/errors';
import { patchBody, route, withETag, type Route } from '@clientela/http';
import { ignoring, nameSchemas } from '@clientela/validation';
import { authAliases } from '../auth-aliases.ts';
import type { CompanyDefaults } from '../companies/schema.ts';
import { findOpenCompany } from '../companies/store.ts';
import { queueVerification } from '../emails/actions.ts';
import type { Mails } from '../mails/outbox.ts';
import { changeOwnUser, joinCompany, registerCompany, registrationClosed } from './actions.ts';
import type { CreateProfile } from './customer-profiles.ts';
import { passwordDeadlines, type Passwords } from './passwords.ts';
import { toSavedResponse, toUser } from './presenter.ts';
import { passwordError, toAccount } from './rules.ts';
import {
  ignoredFields,
  Registration,
  SavedUserResponse,
  User,
  UserResponse,
  withExclusiveNameForms,
  WritableMe,
} from './schema.ts';
import { findUser } from './store.ts';
import { requireActive } from './user-changes.ts';

export type AccountDeps = {
  passwords: Passwords;
  defaults: CompanyDefaults;
  createProfile: CreateProfile;
  mails: Mails;
  requireVerifiedEmail: boolean;
};

export const accountRoutes = (deps: AccountDeps): Route[] => [register(deps), me(), changeMe(deps)];

const mePaths = { path: '/auth/me', aliases: [...authAliases('/me'), '/api/v1/profile'] };

const register = (deps: AccountDeps) =>
  route({
    method: 'post',
    path: '/auth/register',
    aliases: authAliases('/register'),
    addressRateLimit: 'login',
    operation: 'auth.register',
    errors: {
      403: ['REGISTRATION_CLOSED'],
      409: ['USER_EMAIL_TAKEN', 'USER_USERNAME_TAKEN', 'COMPANY_DOCUMENT_NUMBER_TAKEN'],
    },
    summary: 'Register a user',
    description:
      'Without company_id, creates a company with the new user as its admin; with the company_id of a company that is open to registration, adds the user to it as a customer. Send the name in full (name, or ds_user) or as first_name and last_name; ds_user_email is an alias of email. The password has 8 to 128 characters, differs from the name, username and e-mail, and is not a commonly used one.',
    allow: 'open',
    tenancy: 'global',
    body: Registration,
    example: {
      email: 'ana@example.com',
      password: 'correct horse battery',
      name: 'Ana García',
      company_name: 'Example Ltd',
    },
    ...passwordDeadlines,
    responses: { 201: SavedUserResponse },
    prepare: async ({ db, body, signal }) => {
      const company = body.company_id ? await findOpenCompany(db, body.company_id) : undefined;
      if (body.company_id && !company) throw registrationClosed();
      const account = toAccount(body);
      const message = passwordError(body.password, account);
      if (message) throw invalid([{ path: 'password', message }]);
      const password_hash = await deps.passwords.hash(body.password, signal);
      return { account, password_hash, must_verify_email: deps.requireVerifiedEmail, company };
    },
    handle: async ({ tx, body, prepared, request_id, accept_language }) => {
      const { company, ...person } = prepared;
      const user = company
        ? await joinCompany(tx, request_id, { ...person, company_id: company.id })
        : await registerCompany(tx, request_id, { ...person, company_name: body.company_name }, deps.defaults);
      if (deps.requireVerifiedEmail) await queueVerification(tx, deps.mails, user, accept_language);
      return toSavedResponse('User registered', user);
    },
    afterCommit: ({ result, request_id }) => deps.createProfile(result.body.user, { request_id }),
  });

const me = () =>
  route({
    method: 'get',
    ...mePaths,
    operation: 'auth.me.get',
    summary: 'Get the signed-in user',
    allow: 'signed_in',
    limited: ['verify_email', 'mfa_setup'],
    tenancy: 'global',
    responses: { 200: UserResponse },
    conditionalGet: false, // last_login changes without a new version
    handle: async ({ db, actor }) => {
      const user = requireActive(await findUser(db, actor.id));
      return withETag(user.version, { user: toUser(user) });
    },
  });

const OwnUserPatch = ignoring(withExclusiveNameForms(patchBody(User, WritableMe)), ignoredFields);
nameSchemas({ OwnUserPatch });

const changeMe = (deps: AccountDeps) =>
  route({
    method: 'patch',
    ...mePaths,
    operation: 'auth.me.update',
    summary: 'Change your own name, phone, address and document',
    description:
      'Omitted fields keep their value; null clears one. NIT, RUT, CPF and CNPJ numbers must have a valid check digit.',
    allow: 'signed_in',
    tenancy: 'global',
    body: OwnUserPatch,
    example: { first_name: 'Ana', phone: '+34600111222' },
    responses: { 200: SavedUserResponse },
    handle: async ({ tx, actor, body, expected_version }) => {
      const expected = { version: expected_version, country: deps.defaults.country };
      return toSavedResponse('User updated', await changeOwnUser(tx, actor, body, expected));
    },
  });
