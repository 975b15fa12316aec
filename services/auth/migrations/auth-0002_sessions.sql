-- A session outlives its user's row: it stays listed as revoked until its tokens have expired.
alter table sessions
  alter column user_id drop not null,
  drop constraint sessions_user_id_fkey,
  add constraint sessions_user foreign key (user_id) references users (id) on delete set null,
  add column generation bigint not null default 0,
  add column seed bytea,
  add column token_hash bytea,
  add column rotated_at timestamptz(3) not null default now(),
  -- A session without a refresh token ends with its access token, which lives a day at most.
  add column refresh_until timestamptz(3) not null default now() + interval '1 day',
  add constraint sessions_token check ((seed is null) = (token_hash is null) and length(token_hash) = 32);
update sessions set refresh_until = created_at + interval '1 day';
create index sessions_ended on sessions (ended_at) where ended_at is not null;
create index sessions_refresh_until on sessions (refresh_until);

comment on column sessions.user_id is 'technical: null when the user was removed';
comment on column sessions.generation is 'technical: how often the refresh token was renewed';
comment on column sessions.seed is 'sensitive: goes into the refresh tokens of this session, which take AUTH_SECRET besides';
comment on column sessions.token_hash is 'sensitive: SHA-256 of the refresh token that is good now';
comment on column sessions.rotated_at is 'technical: when that one was made';
comment on column sessions.refresh_until is 'technical: until when it can be used';

-- From when a key signs; it is published before, and after it was retired until its last token has expired.
alter table signing_keys add column signs_from timestamptz(3) not null default now();
update signing_keys set signs_from = created_at;
comment on column signing_keys.signs_from is 'technical';
comment on column signing_keys.retired_at is 'technical: from when it signs no more';

-- Failed sign-ins of known users, the latest first: 5 by network and 50 in all, so a row never grows beyond that.
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
-- Where a user has signed in: strangers cannot lock these out.
create table sign_in_networks (
  user_id uuid not null references users (id) on delete cascade,
  network text not null,
  latest_at timestamptz(3) not null default now(),
  primary key (user_id, network)
);
create index sign_in_networks_latest on sign_in_networks (latest_at);

comment on column sign_in_failures_by_network.user_id is 'technical';
comment on column sign_in_failures_by_network.network is 'personal: an IPv4 address, or the /56 of an IPv6 address';
comment on column sign_in_failures_by_network.failed_at is 'technical';
comment on column sign_in_failures_by_network.latest_at is 'technical';
comment on column sign_in_failures_by_network.locked_until is 'technical';
comment on column sign_in_failures.user_id is 'technical';
comment on column sign_in_failures.failed_at is 'technical';
comment on column sign_in_failures.latest_at is 'technical';
comment on column sign_in_failures.locked_until is 'technical';
comment on column sign_in_networks.user_id is 'technical';
comment on column sign_in_networks.network is 'personal: an IPv4 address, or the /56 of an IPv6 address';
comment on column sign_in_networks.latest_at is 'personal';
