-- Second factors of sign-in (docs/adr/0047).

-- A column of the user, not of a joined table: a sign-in that waited for the user's lock then sees the factor that was set up meanwhile.
alter table users add column mfa_since timestamptz(3);
comment on column users.mfa_since is 'personal: since when sign-in asks for a second factor; null when it does not';
alter table companies add column require_mfa boolean not null default false;
comment on column companies.require_mfa is 'business';

-- The secret of a user's authenticator app. It counts once users.mfa_since is set.
create table totp_secrets (
  user_id uuid primary key references users (id) on delete cascade,
  sealed_secret bytea not null,
  last_step bigint not null default 0,
  expires_at timestamptz(3),
  created_at timestamptz(3) not null default now()
);
create index totp_secrets_expires_at on totp_secrets (expires_at);
select migrations.comment_technical('totp_secrets', 'user_id', 'created_at');
comment on column totp_secrets.sealed_secret is 'sensitive: sealed under AUTH_SECRET';
comment on column totp_secrets.last_step is 'technical: the 30 seconds of the last code that was used, which makes each code good once';
comment on column totp_secrets.expires_at is 'technical: until when a code may confirm it; null once one did';

create table recovery_codes (
  user_id uuid not null references users (id) on delete cascade,
  code_hash bytea not null,
  used_at timestamptz(3),
  primary key (user_id, code_hash),
  constraint recovery_codes_hash check (length(code_hash) = 32)
);
comment on column recovery_codes.user_id is 'technical';
comment on column recovery_codes.code_hash is 'sensitive: SHA-256 of the code, which has 80 random bits';
comment on column recovery_codes.used_at is 'personal';

-- Sign-ins that wait for the second factor.
create table mfa_challenges (
  token_hash bytea primary key,
  user_id uuid not null references users (id) on delete cascade,
  wrong_codes integer not null default 0,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null default now() + interval '5 minutes',
  constraint mfa_challenges_hash check (length(token_hash) = 32)
);
create index mfa_challenges_user on mfa_challenges (user_id, created_at);
create index mfa_challenges_expires_at on mfa_challenges (expires_at);
select migrations.comment_technical('mfa_challenges', 'user_id', 'created_at', 'expires_at');
comment on column mfa_challenges.token_hash is 'sensitive: SHA-256 of the token';
comment on column mfa_challenges.wrong_codes is 'technical: the fifth voids the token';
