-- API keys of machines (docs/adr/0045). A key belongs to its company and outlives the user who made it.
create table api_keys (
  id uuid primary key,
  company_id uuid not null references companies (id),
  name text not null,
  prefix text not null,
  key_hash bytea not null,
  -- The key before a rotation, good until then.
  previous_hash bytea,
  previous_until timestamptz(3),
  role text not null,
  permissions text[],
  allowed_ips text[],
  rate_per_minute integer,
  expires_at timestamptz(3) not null,
  created_by uuid,
  last_used_at timestamptz(3),
  last_used_ip text,
  revoked_at timestamptz(3),
  -- Gateways poll for recent changes.
  changed_at timestamptz(3) not null default now(),
  version bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint api_keys_hash unique (key_hash),
  constraint api_keys_previous_hash unique (previous_hash),
  constraint api_keys_hash_length check (length(key_hash) = 32 and length(previous_hash) = 32),
  constraint api_keys_previous check ((previous_hash is null) = (previous_until is null)),
  constraint api_keys_role check (role in ('viewer', 'manager', 'admin')),
  constraint api_keys_rate check (rate_per_minute > 0)
);
create index api_keys_company on api_keys (company_id, created_at desc, id desc);
create index api_keys_created_by on api_keys (created_by);
create index api_keys_changed_at on api_keys (changed_at);

select migrations.comment_technical('api_keys', 'id', 'company_id', 'previous_until', 'changed_at', 'version', 'created_at', 'updated_at');
comment on column api_keys.name is 'business';
comment on column api_keys.prefix is 'business: the first 8 characters of the key, by which people recognize it';
comment on column api_keys.key_hash is 'technical: SHA-256 of the key, a secret of the company and not of a person';
comment on column api_keys.previous_hash is 'technical: the same of the key before the last rotation';
comment on column api_keys.role is 'business';
comment on column api_keys.permissions is 'business: null for those of the role';
comment on column api_keys.allowed_ips is 'business: networks from which the key may be used; null for everywhere';
comment on column api_keys.rate_per_minute is 'business: null for the limit of a user';
comment on column api_keys.expires_at is 'business';
comment on column api_keys.created_by is 'personal: the user who made it; null once that user is erased';
comment on column api_keys.last_used_at is 'business';
comment on column api_keys.last_used_ip is 'personal: the address of the machine, or of a person who tried the key';
comment on column api_keys.revoked_at is 'business';
