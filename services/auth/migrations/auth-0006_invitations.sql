-- Invitations: who may join a company, by the token of a mail.
create table invitations (
  id uuid primary key,
  company_id uuid not null references companies (id) on delete cascade,
  email text not null,
  email_key text not null generated always as (lower(email)) stored,
  role text not null,
  name text,
  language text not null,
  invited_account jsonb not null default '{}',
  token_hash bytea,
  invited_by uuid references users (id) on delete set null,
  user_id uuid references users (id) on delete cascade,
  version bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  sent_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  opened_at timestamptz(3),
  accepted_at timestamptz(3),
  revoked_at timestamptz(3),
  constraint invitations_role check (role in ('customer', 'viewer', 'manager', 'admin')),
  constraint invitations_hash check (length(token_hash) = 32)
);
create unique index invitations_token_hash on invitations (token_hash);
create index invitations_company on invitations (company_id, created_at desc, id desc);
create index invitations_pending on invitations (company_id, email_key) where accepted_at is null and revoked_at is null;
create index invitations_invited_by on invitations (invited_by);
create index invitations_user on invitations (user_id);
create index invitations_expires_at on invitations (expires_at);
select migrations.comment_technical('invitations', 'id', 'company_id', 'invited_by', 'version', 'created_at', 'sent_at', 'expires_at');
comment on column invitations.email is 'personal';
comment on column invitations.email_key is 'personal: the e-mail as it is compared';
comment on column invitations.role is 'business';
comment on column invitations.name is 'personal';
comment on column invitations.language is 'business: of its mails';
comment on column invitations.invited_account is 'personal: further fields of the user to be';
comment on column invitations.token_hash is 'sensitive: SHA-256 of the token; null once it is spent';
comment on column invitations.user_id is 'technical: the user who accepted it';
comment on column invitations.opened_at is 'business';
comment on column invitations.accepted_at is 'business';
comment on column invitations.revoked_at is 'business';

-- A mail of an invitation goes with it.
alter table mails add column invitation_id uuid references invitations (id) on delete cascade;
create index mails_invitation on mails (invitation_id);
select migrations.comment_technical('mails', 'invitation_id');
