-- Sign-ins by OpenID Connect (docs/adr/0048): who a user is at a provider, and users without a password.

-- A user who joined by another provider has none. Earlier code compares it like any other hash, and no password matches.
alter table users alter column password_hash drop not null;

create table identities (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  provider text not null,
  issuer text not null,
  subject text not null,
  created_at timestamptz(3) not null default now(),
  last_used_at timestamptz(3) not null default now(),
  -- One user has it, whatever the order of requests.
  constraint identities_subject_taken unique (issuer, subject)
);
create index identities_user on identities (user_id, created_at, id);
select migrations.comment_technical('identities', 'id', 'user_id', 'created_at');
comment on column identities.provider is 'business: the name of the provider in the settings when it was joined';
comment on column identities.issuer is 'business: the provider';
comment on column identities.subject is 'personal: the user''s identifier at the provider';
comment on column identities.last_used_at is 'business';

-- What the browser brings back from a provider, for a few minutes: the code is exchanged for a session, or accepts an invitation.
create table oidc_codes (
  id uuid primary key,
  code_hash bytea,
  user_id uuid references users (id) on delete cascade,
  provider text not null,
  issuer text not null,
  subject text not null,
  email text,
  name text,
  expires_at timestamptz(3) not null,
  constraint oidc_codes_hash check (length(code_hash) = 32)
);
create unique index oidc_codes_code_hash on oidc_codes (code_hash);
create index oidc_codes_user on oidc_codes (user_id);
create index oidc_codes_expires_at on oidc_codes (expires_at);
select migrations.comment_technical('oidc_codes', 'id', 'expires_at');
comment on column oidc_codes.code_hash is 'sensitive: SHA-256 of the code; null once it is spent';
comment on column oidc_codes.user_id is 'technical: the user whom the identity belongs to, or may be joined to; null for nobody';
comment on column oidc_codes.provider is 'business';
comment on column oidc_codes.issuer is 'business';
comment on column oidc_codes.subject is 'personal: see identities';
comment on column oidc_codes.email is 'personal: the address, verified by the provider, by which the identity is to be joined';
comment on column oidc_codes.name is 'personal: the name at the provider, for an invitation without one';
