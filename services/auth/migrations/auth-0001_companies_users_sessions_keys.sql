-- Numbers that people read out; gaps are allowed.
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

create table sessions (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  created_at timestamptz(3) not null default now(),
  last_used_at timestamptz(3) not null default now(),
  ip text,
  device text,
  ended_at timestamptz(3)
);
create index sessions_user on sessions (user_id, created_at desc);

create table signing_keys (
  kid text primary key,
  public_jwk jsonb not null,
  private_sealed bytea not null,
  created_at timestamptz(3) not null default now(),
  retired_at timestamptz(3)
);
-- One key signs: of two replicas that make the first one at once, one finds the other's.
create unique index signing_keys_current on signing_keys ((retired_at is null)) where retired_at is null;

comment on column companies.id is 'technical';
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
comment on column companies.version is 'technical';
comment on column companies.created_at is 'technical';
comment on column companies.updated_at is 'technical';

comment on column users.id is 'technical';
comment on column users.number is 'business';
comment on column users.unique_id is 'business: USER-10000000 up';
comment on column users.company_id is 'technical: null for a superuser';
comment on column users.username is 'personal';
comment on column users.email is 'personal';
comment on column users.first_name is 'personal';
comment on column users.last_name is 'personal';
comment on column users.phone is 'personal: in its one spelling';
comment on column users.phone_typed is 'personal: as it was typed';
comment on column users.address is 'personal';
comment on column users.document_type is 'personal';
comment on column users.number_document_identity is 'sensitive: identifies a person by law';
comment on column users.role is 'business';
comment on column users.is_active is 'business';
comment on column users.password_hash is 'sensitive: argon2id';
comment on column users.last_login is 'personal';
comment on column users.version is 'technical';
comment on column users.created_at is 'technical';
comment on column users.updated_at is 'technical';

comment on column sessions.id is 'technical';
comment on column sessions.user_id is 'technical';
comment on column sessions.created_at is 'technical';
comment on column sessions.last_used_at is 'technical';
comment on column sessions.ip is 'personal';
comment on column sessions.device is 'personal';
comment on column sessions.ended_at is 'technical';

comment on column signing_keys.kid is 'technical';
comment on column signing_keys.public_jwk is 'technical';
comment on column signing_keys.private_sealed is 'sensitive: sealed under AUTH_SECRET';
comment on column signing_keys.created_at is 'technical';
comment on column signing_keys.retired_at is 'technical';
