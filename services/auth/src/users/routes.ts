import { accessLevel } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { forbidden, invalid, notFound, type FieldError } from '@clientela/errors';
import { patchBody, route, withETag, type Actor, type CompanyActor, type Route } from '@clientela/http';
import { documentNumberError, Message } from '@clientela/validation';
import type { Defaults } from '../accounts/actions.ts';
import type { Passwords } from '../accounts/passwords.ts';
import { shown } from '../accounts/routes.ts';
import { accountOf, passwordFault } from '../accounts/rules.ts';
import type { MakeProfile } from '../accounts/profiles.ts';
import { namedOneWay, User } from '../accounts/schema.ts';
import { findUserByKey, type StoredUser } from '../accounts/store.ts';
import { findCompanyByKey } from '../companies/store.ts';
import { changeUser, createUser, deactivateUser, refuseFields, removeUser } from './actions.ts';
import { above, visible } from './rules.ts';
import { alsoGiven, NewUser, oneActive, Removal, UserId, UserList, UserQuery, WritableUser } from './schema.ts';
import { listUsers } from './store.ts';

/** What these doors work with. */
export type UserParts = { passwords: Passwords; defaults: Defaults; make_profile: MakeProfile };

const path = '/api/v1/users';
const one = `${path}/{user_id}`;

const answered = (user: StoredUser) => withETag(user.version, shown(user));

type Asked = { actor: CompanyActor; params: Record<string, string>; db: Db };
const oneself = async ({ actor, params, db }: Asked): Promise<boolean> =>
  params['user_id'] === actor.id || (await findUserByKey(db, params['user_id'] ?? ''))?.id === actor.id;

/** @throws AppError 404 when unknown, or another company's */
async function reached(db: Db, actor: Actor, key: string): Promise<StoredUser> {
  const user = await findUserByKey(db, key);
  if (!user || !visible(actor, user)) throw notFound('user');
  return user;
}

export const userRoutes = (parts: UserParts): Route[] => [
  route({
    method: 'get',
    path,
    summary: 'List users',
    description: 'Newest first. All but superusers see their own company’s.',
    allow: 'users:read',
    tenancy: 'company-or-all',
    query: UserQuery,
    responses: { 200: UserList },
    handle: async ({ db, scope, query }) => {
      const { rows: users, ...counted } = await listUsers(db, scope, query);
      return { users, ...counted, limit: query.limit, offset: query.offset };
    },
  }),
  create(parts),
  route({
    method: 'get',
    path: one,
    summary: 'Get a user',
    description: 'By its id or its number; one’s own, or any of the company with users:read.',
    allow: { permission: 'users:read', own: oneself },
    tenancy: 'global',
    params: UserId,
    responses: { 200: User },
    conditionalGet: false, // last_login changes without raising the version
    handle: async ({ db, actor, params }) => answered(await reached(db, actor, params.user_id)),
  }),
  change(parts),
  route({
    method: 'delete',
    path: one,
    summary: 'Deactivate a user, or remove it',
    description:
      'Its sessions end. With hard_delete=true the record is removed for good. The last active admin of a company stays.',
    allow: 'users:delete',
    tenancy: 'global',
    params: UserId,
    query: Removal,
    responses: { 200: Message },
    handle: async ({ tx, actor, params, query, expected_version }) => {
      const { id } = await reached(tx, actor, params.user_id);
      const target = { actor, id, any: true, expected_version };
      await (query.hard_delete ? removeUser(tx, target) : deactivateUser(tx, target));
      return { message: query.hard_delete ? 'User removed' : 'User deactivated' };
    },
  }),
];

const create = ({ passwords, defaults, make_profile }: UserParts) =>
  route({
    method: 'post',
    path,
    summary: 'Create a user',
    description:
      'Of one’s own company; a superuser names the company in the body. Nobody grants a role above their own. A number of NIT, RUT, CPF or CNPJ must be right.',
    allow: 'users:create',
    tenancy: 'global',
    body: NewUser,
    responses: { 201: User },
    prepare: async ({ db, actor, body, signal }) => {
      const { password, role, address = null, document_type = null, number_document_identity = null } = body;
      if (above(actor, role)) throw forbidden('Nobody grants a role above their own');
      const company = await companyOf(db, actor, body);
      const account = accountOf({ ...body, company_id: undefined });
      const faults: FieldError[] = [];
      const wrong = passwordFault(password, account);
      if (wrong) faults.push({ path: 'password', message: wrong });
      const fault =
        document_type && number_document_identity && documentNumberError(document_type, number_document_identity);
      if (fault) faults.push({ path: 'number_document_identity', message: fault });
      if (faults.length > 0) throw invalid(faults);
      const rest = { address, document_type, number_document_identity };
      return { account, password_hash: await passwords.hash(password, signal), role, company, rest };
    },
    handle: async ({ tx, actor, prepared }) => answered(await createUser(tx, actor, prepared, defaults.country)),
    afterCommit: ({ result, actor, request_id }) => make_profile(result.body, { actor, request_id }),
  });

/**
 * The company of a new user; undefined for a superuser.
 * @throws AppError 403 for another's company, alike whether it exists or not; 422 for a superuser that names none or an unknown one
 */
async function companyOf(db: Db, actor: Actor, { company_id, role }: NewUser) {
  const wrong = (message: string) => invalid([{ path: 'company_id', message }]);
  if (actor.role !== 'superuser') {
    const own = await findCompanyByKey(db, actor.company_id ?? '');
    const key = company_id?.toUpperCase();
    if (!own || (key && key !== own.id.toUpperCase() && key !== own.company_id)) {
      throw forbidden('That is not your company');
    }
    return own;
  }
  if (role === 'superuser') {
    if (company_id) throw wrong('must be left out: a superuser has no company');
    return undefined;
  }
  if (!company_id) throw wrong('is required: a superuser has no company of its own');
  const company = await findCompanyByKey(db, company_id);
  if (!company) throw wrong('names no company');
  return company;
}

const UserChange = namedOneWay(patchBody(User, WritableUser).extend(alsoGiven)).superRefine(oneActive);
type Change = { password?: string; active?: boolean } & Record<string, unknown>;

const change = ({ passwords, defaults }: UserParts) =>
  route({
    method: 'put',
    path: one,
    summary: 'Change a user',
    description:
      'Fields left out stay; null clears. Of oneself: name, phone, address, document; with users:update also username, email, role, active (or is_active) and password. A new role or password and deactivation end the user’s sessions. The last active admin of a company stays.',
    allow: { permission: 'users:update', own: oneself },
    tenancy: 'global',
    params: UserId,
    body: UserChange,
    responses: { 200: User },
    prepare: async ({ db, actor, params, body, signal }) => {
      const user = await reached(db, actor, params.user_id);
      const any = actor.role !== 'service' && accessLevel(actor.role, 'users:update') === 'any';
      const { password, active, ...rest } = body as Change;
      const fields = active === undefined ? rest : { ...rest, is_active: active };
      const prepared = { id: user.id, any, fields };
      if (password === undefined) return { ...prepared, password_hash: undefined };
      if (!any) refuseFields(['password']);
      if (above(actor, user.role)) throw forbidden('That user stands above your role');
      const { first_name, last_name, email, username } = { ...user, ...rest } as StoredUser;
      const message = passwordFault(password, { first_name, last_name, email, username });
      if (message) throw invalid([{ path: 'password', message }]);
      return { ...prepared, password_hash: await passwords.hash(password, signal) };
    },
    handle: async ({ tx, actor, prepared, expected_version }) => {
      const { id, any, fields, password_hash } = prepared;
      const given = { password_hash, country: defaults.country };
      return answered(await changeUser(tx, { actor, id, any, expected_version }, fields, given));
    },
  });
