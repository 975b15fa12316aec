-- Verified e-mail addresses, mails to send, and the tokens that their links hold.

-- Constant defaults: no rewrite. Users that exist count as verified, because nothing asked them to verify.
alter table users
  add column email_verified_at timestamptz(3),
  add column must_verify_email boolean not null default false,
  add column name_changed_at timestamptz(3),
  add column phone_changed_at timestamptz(3);
comment on column users.email_verified_at is 'business: when the user proved to read mails to the address';
comment on column users.must_verify_email is 'technical: made, or given this address, under REQUIRE_VERIFIED_EMAIL';
comment on column users.name_changed_at is 'technical: the customer record follows later changes only, and the user those of its record';
comment on column users.phone_changed_at is 'technical: see name_changed_at';

-- Mails that are not sent yet: docs/adr/0044. A row is deleted when the server has taken its mail.
create table mails (
  id uuid primary key,
  user_id uuid references users (id) on delete cascade,
  kind text not null,
  sealed bytea not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz(3) not null default now(),
  created_at timestamptz(3) not null default now()
);
create index mails_due on mails (next_attempt_at, id);
create index mails_user on mails (user_id);
select migrations.comment_technical('mails', 'id', 'kind', 'attempts', 'next_attempt_at', 'created_at');
comment on column mails.user_id is 'technical: whom it is about; null for an invitation and for an address that nobody has looked up yet';
comment on column mails.sealed is 'sensitive: address, names and token of the mail, sealed under AUTH_SECRET';

-- The newest token of each purpose: a newer one replaces it.
create table mail_tokens (
  user_id uuid not null references users (id) on delete cascade,
  purpose text not null,
  email text not null,
  token_hash bytea,
  expires_at timestamptz(3) not null,
  sent_at timestamptz(3)[] not null,
  primary key (user_id, purpose),
  constraint mail_tokens_purpose check (purpose in ('verify_email', 'reset_password', 'change_email')),
  constraint mail_tokens_hash check (length(token_hash) = 32)
);
create unique index mail_tokens_token_hash on mail_tokens (token_hash);
create index mail_tokens_expires_at on mail_tokens (expires_at);
select migrations.comment_technical('mail_tokens', 'user_id', 'purpose', 'expires_at');
comment on column mail_tokens.email is 'personal: the address to which the token was sent';
comment on column mail_tokens.token_hash is 'sensitive: SHA-256 of the token; null once it is spent';
comment on column mail_tokens.sent_at is 'technical: the latest mails with such a token, newest first, which limit further ones';
