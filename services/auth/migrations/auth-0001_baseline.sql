create extension if not exists pg_trgm;
create extension if not exists btree_gin;

-- Numbers for people; gaps are allowed.
create sequence company_numbers as bigint start 1;
create sequence user_numbers as bigint start 10000000 minvalue 10000000;

create table companies (
  id uuid primary key,
  number bigint not null,
  company_id text not null,
  company_key text not null,
  name text not null,
  business_name text,
  document_type text,
  document_number text,
  country text not null,
  currency text not null,
  status text not null default 'active',
  status_changed_at timestamptz(3) not null default now(),
  days_credit integer not null default 0,
  open_registration boolean not null default false,
  version bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint companies_number_taken unique (number),
  constraint companies_company_id_taken unique (company_id),
  constraint companies_company_key_taken unique (company_key),
  constraint companies_document_number_taken unique (document_number),
  constraint companies_company_id check (company_id ~ '^COMP-[0-9]{3,}$'),
  constraint companies_status check (status in ('active', 'inactive', 'suspended')),
  constraint companies_days_credit check (days_credit >= 0)
);
create index companies_created_at on companies (created_at desc, id desc);
-- Gateways poll for recent status changes.
create index companies_status_changed_at on companies (status_changed_at);

create table users (
  id uuid primary key,
  number bigint not null default nextval('user_numbers'),
  unique_id text not null generated always as ('USER-' || number::text) stored,
  company_id uuid references companies (id),
  username text not null,
  email text not null,
  first_name text not null,
  last_name text,
  phone text,
  phone_typed text,
  address text,
  document_type text,
  number_document_identity text,
  role text not null,
  is_active boolean not null default true,
  password_hash text not null,
  last_login timestamptz(3),
  search_text text not null default '',
  version bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint users_number_taken unique (number),
  constraint users_unique_id_taken unique (unique_id),
  constraint users_role check (role in ('customer', 'viewer', 'manager', 'admin', 'superuser')),
  constraint users_company check ((company_id is null) = (role = 'superuser'))
);
create unique index users_email_taken on users (lower(email));
create unique index users_username_taken on users (lower(username));
create index users_company on users (company_id, created_at desc, id desc);
create index users_created_at on users (created_at desc, id desc) include (company_id);
create index users_search_text on users using gin (company_id, search_text gin_trgm_ops);
-- Finds the other active admins of a company.
create index users_role on users (company_id, role, is_active);

-- Number of users by company (null for superusers), role and state, so that statistics need not count them.
create table user_counts (
  company_id uuid references companies (id) on delete cascade,
  role text not null,
  is_active boolean not null,
  users integer not null,
  constraint user_counts_key unique nulls not distinct (company_id, role, is_active)
);

-- Updates the rows in a fixed order, so that concurrent changes do not deadlock.
create function count_users() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  insert into user_counts (company_id, role, is_active, users)
  select * from (
    select old.company_id, old.role, old.is_active, -1 where tg_op <> 'INSERT'
    union all
    select new.company_id, new.role, new.is_active, 1 where tg_op <> 'DELETE'
  ) as changed (company_id, role, is_active, users)
  order by company_id, role, is_active
  on conflict on constraint user_counts_key do update set users = user_counts.users + excluded.users;
  return null;
end
$$;
create trigger users_count_rows after insert or delete on users for each row execute function count_users();
create trigger users_count_changes after update of company_id, role, is_active on users for each row
  when ((old.company_id, old.role, old.is_active) is distinct from (new.company_id, new.role, new.is_active))
  execute function count_users();

-- A session outlives its user: it stays listed as revoked until its tokens have expired.
create table sessions (
  id uuid primary key,
  user_id uuid,
  ip text,
  device text,
  generation bigint not null default 0,
  seed bytea,
  token_hash bytea,
  rotated_at timestamptz(3) not null default now(),
  -- A session without a refresh token ends with its access token, which is valid for a day at most.
  refresh_until timestamptz(3) not null default now() + interval '1 day',
  created_at timestamptz(3) not null default now(),
  last_used_at timestamptz(3) not null default now(),
  ended_at timestamptz(3),
  constraint sessions_user foreign key (user_id) references users (id) on delete set null,
  constraint sessions_token check ((seed is null) = (token_hash is null) and length(token_hash) = 32)
);
create index sessions_user on sessions (user_id, created_at desc);
create index sessions_ended on sessions (ended_at) where ended_at is not null;
create index sessions_refresh_until on sessions (refresh_until);

-- A key is published before it signs, and after its retirement until its last token has expired.
create table signing_keys (
  kid text primary key,
  public_jwk jsonb not null,
  sealed_private_key bytea not null,
  created_at timestamptz(3) not null default now(),
  signs_from timestamptz(3) not null default now(),
  retired_at timestamptz(3)
);
-- One current key: replicas that create the first one concurrently agree on it.
create unique index signing_keys_current on signing_keys ((retired_at is null)) where retired_at is null;

-- Keys of erasure receipts. Retirement deletes the private key; the public key stays permanently, as receipts do.
create table receipt_keys (
  kid text primary key,
  public_jwk jsonb not null,
  sealed_private_key bytea,
  created_at timestamptz(3) not null default now(),
  retired_at timestamptz(3),
  constraint receipt_keys_private_key check ((sealed_private_key is null) = (retired_at is not null))
);
create unique index receipt_keys_current on receipt_keys ((retired_at is null)) where retired_at is null;

-- Failed sign-ins of known users, latest first: up to 5 per network and 50 per user, which bounds a row's size.
create table sign_in_failures_by_network (
  user_id uuid not null references users (id) on delete cascade,
  network text not null,
  failed_at timestamptz(3)[] not null,
  latest_at timestamptz(3) not null default now(),
  locked_until timestamptz(3),
  primary key (user_id, network)
);
create index sign_in_failures_by_network_latest on sign_in_failures_by_network (latest_at);
create table sign_in_failures (
  user_id uuid primary key references users (id) on delete cascade,
  failed_at timestamptz(3)[] not null,
  latest_at timestamptz(3) not null default now(),
  locked_until timestamptz(3)
);
create index sign_in_failures_latest on sign_in_failures (latest_at);
-- Networks from which a user has signed in: failures from elsewhere cannot lock the user out there.
create table sign_in_networks (
  user_id uuid not null references users (id) on delete cascade,
  network text not null,
  latest_at timestamptz(3) not null default now(),
  primary key (user_id, network)
);
create index sign_in_networks_latest on sign_in_networks (latest_at);

-- Sign-ins per day (UTC), so that statistics need not count audit entries; no company for superusers and unknown users.
create table sign_in_counts (
  company_id uuid references companies (id) on delete cascade,
  day date not null,
  signed_in integer not null default 0,
  failed integer not null default 0,
  constraint sign_in_counts_key unique nulls not distinct (company_id, day)
);
create index sign_in_counts_day on sign_in_counts (day);

create table document_types (
  id uuid primary key,
  code text not null,
  name text not null,
  description text,
  country_code text,
  category text,
  active boolean not null default true,
  version bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint document_types_code_taken unique (code)
);
insert into document_types (id, code, name, description, country_code, category) values
  ('01a1fbf9-31b2-7af4-960c-95e901cb7f4b', 'cedula', 'Cédula de ciudadanía', 'Identity document of Colombian citizens', 'CO', 'identity'),
  ('01a1fbf9-31b2-74ed-b6f9-299da34aff02', 'passport', 'Passport', 'Travel document of any country', null, 'identity'),
  ('01a1fbf9-31b2-76e9-aee2-f6f1a85a16ac', 'drivers_license', 'Driver’s license', 'Permission to drive, used as identification', null, 'identity'),
  ('01a1fbf9-31b2-7eee-9c36-5b10b0742e6f', 'nit', 'NIT', 'Número de Identificación Tributaria: tax number in Colombia', 'CO', 'tax'),
  ('01a1fbf9-31b2-7a43-94b7-0ff0a204a074', 'rut', 'RUT', 'Registro Único Tributario: tax number in Colombia and Chile', null, 'tax'),
  ('01a1fbf9-31b2-79b9-be94-7ee51820cb8e', 'tax_id', 'Tax ID', 'Tax number of any country', null, 'tax'),
  ('01a1fbf9-31b2-7eae-9fd7-1f2c100df588', 'cpf', 'CPF', 'Cadastro de Pessoas Físicas: tax number of people in Brazil', 'BR', 'tax'),
  ('01a1fbf9-31b2-749b-b246-515e4d697c2f', 'cnpj', 'CNPJ', 'Cadastro Nacional da Pessoa Jurídica: tax number of companies in Brazil', 'BR', 'tax');

-- Who did what to which resource: ids, field names and results, never values. No foreign keys, because entries outlive what they refer to.
create table audit_logs (
  id uuid primary key,
  at timestamptz(3) not null default now(),
  actor_id text,
  action text not null,
  resource_type text,
  resource_id text,
  company_id uuid,
  fields text[] not null default '{}',
  result text not null default 'done',
  ip text,
  request_id text not null,
  constraint audit_logs_result check (result in ('done', 'refused'))
);
create index audit_logs_at on audit_logs (at desc, id desc);
create index audit_logs_company on audit_logs (company_id, at desc, id desc);
create index audit_logs_action on audit_logs (company_id, action, at desc, id desc);
create index audit_logs_resource_type on audit_logs (company_id, resource_type, at desc, id desc);
-- An actor and a resource usually belong to one company, so these serve lists with and without a company filter.
create index audit_logs_actor on audit_logs (actor_id, at desc, id desc);
create index audit_logs_resource on audit_logs (resource_id, at desc, id desc);
-- Entries with an address, which erasure clears in batches.
create index audit_logs_actor_address on audit_logs (company_id, actor_id) where ip is not null;
create index audit_logs_resource_address on audit_logs (company_id, resource_id) where ip is not null;

-- The app role may append audit entries and clear their address; it may retire receipt keys and change nothing else of them.
do $$
declare
  app_role text := current_setting('clientela.app_role');
begin
  execute format('revoke update, delete, truncate on audit_logs, receipt_keys from %I', app_role);
  execute format('grant update (ip) on audit_logs to %I', app_role);
  execute format('grant update (sealed_private_key, retired_at) on receipt_keys to %I', app_role);
end
$$;
create function reject_new_address() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  raise exception 'the address of an audit entry can be cleared, not changed' using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_logs_clear_address before update on audit_logs for each row
  when (new.ip is not null and new.ip is distinct from old.ip) execute function reject_new_address();

-- Deletes entries before an instant and returns their number. Runs with the caller's rights, so only the owner role can use it.
create function purge_audit_logs(before timestamptz) returns bigint
  language sql
  set search_path = public
as $$
  with removed as (delete from audit_logs where at < before returning 1)
  select count(*) from removed
$$;
revoke execute on function purge_audit_logs(timestamptz) from public;

select migrations.comment_technical('companies', 'id', 'status_changed_at', 'version', 'created_at', 'updated_at');
comment on column companies.number is 'business';
comment on column companies.company_id is 'business: COMP-001 up';
comment on column companies.company_key is 'business';
comment on column companies.name is 'business';
comment on column companies.business_name is 'business';
comment on column companies.document_type is 'business';
comment on column companies.document_number is 'business';
comment on column companies.country is 'business';
comment on column companies.currency is 'business';
comment on column companies.status is 'business';
comment on column companies.days_credit is 'business';
comment on column companies.open_registration is 'business';

select migrations.comment_technical('users', 'id', 'version', 'created_at', 'updated_at');
comment on column users.number is 'business';
comment on column users.unique_id is 'business: USER-10000000 up';
comment on column users.company_id is 'technical: null for a superuser';
comment on column users.username is 'personal';
comment on column users.email is 'personal';
comment on column users.first_name is 'personal';
comment on column users.last_name is 'personal';
comment on column users.phone is 'personal: normalized';
comment on column users.phone_typed is 'personal: as it was typed';
comment on column users.address is 'personal';
comment on column users.document_type is 'personal';
comment on column users.number_document_identity is 'sensitive: identifies a person by law';
comment on column users.role is 'business';
comment on column users.is_active is 'business';
comment on column users.password_hash is 'sensitive: argon2id';
comment on column users.last_login is 'personal';
comment on column users.search_text is 'personal: names, username, e-mail and phone, normalized for search';

select migrations.comment_technical('user_counts', 'company_id');
comment on column user_counts.role is 'business';
comment on column user_counts.is_active is 'business';
comment on column user_counts.users is 'business';

select migrations.comment_technical('sessions', 'id', 'created_at', 'last_used_at', 'ended_at');
comment on column sessions.user_id is 'technical: null when the user was deleted';
comment on column sessions.ip is 'personal';
comment on column sessions.device is 'personal';
comment on column sessions.generation is 'technical: number of refresh token rotations';
comment on column sessions.seed is 'sensitive: input of the refresh tokens, together with AUTH_SECRET';
comment on column sessions.token_hash is 'sensitive: SHA-256 of the current refresh token';
comment on column sessions.rotated_at is 'technical: when the current refresh token was created';
comment on column sessions.refresh_until is 'technical: expiry of the current refresh token';

select migrations.comment_technical('signing_keys', 'kid', 'public_jwk', 'created_at', 'signs_from');
comment on column signing_keys.sealed_private_key is 'sensitive: sealed under AUTH_SECRET';
comment on column signing_keys.retired_at is 'technical: from when it no longer signs';

select migrations.comment_technical('receipt_keys', 'kid', 'public_jwk', 'created_at');
comment on column receipt_keys.sealed_private_key is 'sensitive: sealed under AUTH_SECRET; null after retirement';
comment on column receipt_keys.retired_at is 'technical: from when it no longer signs';

select migrations.comment_technical('sign_in_failures_by_network', 'user_id', 'failed_at', 'latest_at', 'locked_until');
comment on column sign_in_failures_by_network.network is 'personal: an IPv4 address, or the /56 of an IPv6 address';
select migrations.comment_technical('sign_in_failures', 'user_id', 'failed_at', 'latest_at', 'locked_until');
select migrations.comment_technical('sign_in_networks', 'user_id');
comment on column sign_in_networks.network is 'personal: an IPv4 address, or the /56 of an IPv6 address';
comment on column sign_in_networks.latest_at is 'personal';

select migrations.comment_technical('sign_in_counts', 'company_id', 'day');
comment on column sign_in_counts.signed_in is 'business';
comment on column sign_in_counts.failed is 'business';

select migrations.comment_technical('document_types', 'id', 'version', 'created_at', 'updated_at');
comment on column document_types.code is 'business';
comment on column document_types.name is 'business';
comment on column document_types.description is 'business';
comment on column document_types.country_code is 'business';
comment on column document_types.category is 'business';
comment on column document_types.active is 'business';

select migrations.comment_technical(
  'audit_logs', 'id', 'at', 'action', 'resource_type', 'resource_id', 'company_id', 'result', 'request_id'
);
comment on column audit_logs.actor_id is 'technical: a user, or service:<name>; null when nobody was signed in';
comment on column audit_logs.fields is 'technical: names of changed fields, never values';
comment on column audit_logs.ip is 'personal: of security events; erasure clears it';
