import { invalid } from '@clientela/errors';
import { patchBody, route, withETag, type Route } from '@clientela/http';
import { findOpenCompany } from '../companies/store.ts';
import { changeMe, foundCompany, joinCompany, registrationClosed, type Defaults } from './actions.ts';
import { acting } from './changes.ts';
import type { Passwords } from './passwords.ts';
import type { MakeProfile } from './profiles.ts';
import { accountOf, passwordFault } from './rules.ts';
import { namedOneWay, Registration, User, UserSaved, UserShown, WritableMe } from './schema.ts';
import { findUser, type StoredUser } from './store.ts';

/** What these doors work with. */
export type AccountParts = {
  passwords: Passwords;
  defaults: Defaults;
  make_profile: MakeProfile;
};

/** A user as it is answered. */
export const shown = ({
  version: _version,
  company_status: _status,
  company_country: _country,
  ...user
}: StoredUser): User => user;
const saved = (message: string, user: StoredUser) => withETag(user.version, { message, user: shown(user) });

/** Every door stands under both of its names. */
export const accountRoutes = (parts: AccountParts): Route[] =>
  ['/auth', '/api/auth'].flatMap((path) => [
    register(`${path}/register`, parts),
    me(`${path}/me`),
    changeOfMe(`${path}/me`, parts),
  ]);

const register = (path: string, parts: AccountParts) =>
  route({
    method: 'post',
    path,
    summary: 'Register, and found a company or join one',
    description:
      'Without company_id it founds a company with the new user as its admin; with one that is open to registration the user joins it as customer. A name may come in one piece (name, or ds_user) or as first_name and last_name; email may be called ds_user_email. The password has 8 to 128 characters, is not the name, username or e-mail, and not among the commonest.',
    allow: 'open',
    tenancy: 'global',
    body: Registration,
    deadline: 15_000, // its turn to be hashed may take a while
    responses: { 201: UserSaved },
    prepare: async ({ db, body, signal }) => {
      const company = body.company_id ? await findOpenCompany(db, body.company_id) : undefined;
      if (body.company_id && !company) throw registrationClosed();
      const account = accountOf(body);
      const message = passwordFault(body.password, account);
      if (message) throw invalid([{ path: 'password', message }]);
      const password_hash = await parts.passwords.hash(body.password, signal);
      return { account, password_hash, company };
    },
    handle: async ({ tx, body, prepared, request_id }) => {
      const { company, ...person } = prepared;
      if (company) {
        return saved('User registered', await joinCompany(tx, request_id, { ...person, company_id: company.id }));
      }
      const founder = { ...person, company_name: body.company_name };
      return saved('User registered', await foundCompany(tx, request_id, founder, parts.defaults));
    },
    afterCommit: ({ result, request_id }) => parts.make_profile(result.body.user, { request_id }),
  });

const me = (path: string) =>
  route({
    method: 'get',
    path,
    summary: 'The signed-in user',
    allow: 'signed_in',
    tenancy: 'global',
    responses: { 200: UserShown },
    conditionalGet: false, // last_login changes without raising the version
    handle: async ({ db, actor }) => {
      const user = acting(await findUser(db, actor.id));
      return withETag(user.version, { user: shown(user) });
    },
  });

const changeOfMe = (path: string, parts: AccountParts) =>
  route({
    method: 'patch',
    path,
    summary: 'Change one’s own name, phone, address, document',
    description: 'Fields left out stay; null clears. A number of NIT, RUT, CPF or CNPJ must be right.',
    allow: 'signed_in',
    tenancy: 'global',
    body: namedOneWay(patchBody(User, WritableMe)),
    responses: { 200: UserSaved },
    handle: async ({ tx, actor, body, expected_version }) => {
      const expected = { version: expected_version, country: parts.defaults.country };
      return saved('User updated', await changeMe(tx, actor, body, expected));
    },
  });
