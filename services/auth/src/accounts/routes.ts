import { forbidden, invalid } from '@clientela/errors';
import { patchBody, route, versioned, type Route } from '@clientela/http';
import type { IssueToken } from '../sessions/access-token.ts';
import { acting, changeMe, foundCompany, refusedSignIn, signIn, type Defaults } from './actions.ts';
import type { Passwords } from './passwords.ts';
import { accountOf, passwordFault } from './rules.ts';
import { Credentials, namedOneWay, Registration, SignedIn, User, UserSaved, UserShown, WritableMe } from './schema.ts';
import { findForSignIn, findUser, type StoredUser } from './store.ts';

/** What these doors work with. */
export type AccountParts = { passwords: Passwords; issue_token: IssueToken; defaults: Defaults };

const shown = ({ version: _version, company_status: _status, company_country: _country, ...user }: StoredUser): User =>
  user;
const saved = (message: string, user: StoredUser) => versioned(user.version, { message, user: shown(user) });

/** Every door stands under both of its names. */
export const accountRoutes = (parts: AccountParts): Route[] =>
  ['/auth', '/api/auth'].flatMap((path) => [
    register(`${path}/register`, parts),
    login(`${path}/login`, parts),
    me(`${path}/me`),
    changeOfMe(`${path}/me`, parts),
  ]);

const register = (path: string, parts: AccountParts) =>
  route({
    method: 'post',
    path,
    summary: 'Register, and found a company',
    description:
      'Without company_id it founds a company with the new user as its admin. A name may come in one piece (name, or ds_user) or as first_name and last_name; email may be called ds_user_email. The password has 8 to 128 characters and is not the name, username or e-mail.',
    allow: 'open',
    reaches: 'installation',
    body: Registration,
    responses: { 201: UserSaved },
    prepare: async ({ body, signal }) => {
      // Alike whether that company is closed, unknown or inactive.
      if (body.company_id) throw forbidden('This company takes no registrations', 'REGISTRATION_CLOSED');
      const account = accountOf(body);
      const message = passwordFault(body.password, account);
      if (message) throw invalid([{ path: 'password', message }]);
      return { account, password_hash: await parts.passwords.hash(body.password, signal) };
    },
    handle: async ({ tx, body, prepared, request_id }) => {
      const founder = { ...prepared, company_name: body.company_name };
      return saved('User registered', await foundCompany(tx, request_id, founder, parts.defaults));
    },
  });

const login = (path: string, parts: AccountParts) =>
  route({
    method: 'post',
    path,
    summary: 'Sign in',
    description:
      'By email (or ds_user_email) or username, and password. Whatever is wrong, the answer is the same 401.',
    allow: 'open',
    reaches: 'installation',
    body: Credentials,
    responses: { 200: SignedIn },
    prepare: async ({ db, body, signal }) => {
      const record = await findForSignIn(db, body);
      const right = await parts.passwords.verify(body.password, record?.password_hash, signal);
      if (!record || !right) throw refusedSignIn();
      return record;
    },
    handle: async ({ tx, prepared, client_ip, user_agent }) => {
      const { user, session_id } = await signIn(tx, prepared, { ip: client_ip, device: user_agent });
      const token = parts.issue_token({ user_id: user.id, session_id, role: user.role, company_id: user.business_id });
      return { message: 'Signed in', ...token, user: shown(user) };
    },
  });

const me = (path: string) =>
  route({
    method: 'get',
    path,
    summary: 'The signed-in user',
    allow: 'signed_in',
    reaches: 'installation',
    responses: { 200: UserShown },
    revalidates: false, // last_login changes without raising the version
    handle: async ({ db, actor }) => {
      const user = acting(await findUser(db, actor.id));
      return versioned(user.version, { user: shown(user) });
    },
  });

const changeOfMe = (path: string, parts: AccountParts) =>
  route({
    method: 'patch',
    path,
    summary: 'Change one’s own name, phone, address, document',
    description: 'Fields left out stay; null clears. A number of NIT, RUT, CPF or CNPJ must be right.',
    allow: 'signed_in',
    reaches: 'installation',
    body: namedOneWay(patchBody(User, WritableMe)),
    responses: { 200: UserSaved },
    handle: async ({ tx, actor, body, expected_version }) => {
      const expected = { version: expected_version, country: parts.defaults.country };
      return saved('User updated', await changeMe(tx, actor, body, expected));
    },
  });
