-- The keys that sign receipts of erasures, and nothing else. When another takes its place, the private half goes; the public one stays
-- for good, as receipts do.
create table receipt_keys (
  kid text primary key,
  public_jwk jsonb not null,
  private_sealed bytea,
  created_at timestamptz(3) not null default now(),
  retired_at timestamptz(3),
  constraint receipt_keys_private check ((private_sealed is null) = (retired_at is not null))
);
-- One key signs: of two replicas that make the first one at once, one finds the other's.
create unique index receipt_keys_current on receipt_keys ((retired_at is null)) where retired_at is null;

-- What the trail says of a session is found by its user: sessions are removed a month after their end.
update audit_logs a set resource_type = 'user', resource_id = s.user_id::text
  from sessions s
 where a.action = 'session.token_reused' and a.resource_type = 'session' and a.resource_id = s.id::text and s.user_id is not null;
update audit_logs set ip = null where action = 'session.token_reused' and resource_type = 'session';
-- Sessions of users who were removed: who held them, and where, is nobody's business any more.
update sessions set ip = null, device = null, seed = null, token_hash = null where user_id is null;

do $$
begin
  execute format('revoke update, delete, truncate on receipt_keys from %I', current_setting('clientela.app_role'));
  execute format('grant update (private_sealed, retired_at) on receipt_keys to %I', current_setting('clientela.app_role'));
  -- The trail stays as it was written; an erasure takes an address out of it, and can put nothing into its place.
  execute format('grant update (ip) on audit_logs to %I', current_setting('clientela.app_role'));
end
$$;
create function refuse_address() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  raise exception 'an address in the trail can be blanked, not changed' using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_address_blanked before update on audit_logs for each row
  when (new.ip is not null and new.ip is distinct from old.ip) execute function refuse_address();

comment on column receipt_keys.kid is 'technical';
comment on column receipt_keys.public_jwk is 'technical';
comment on column receipt_keys.private_sealed is 'sensitive: sealed under AUTH_SECRET; null once it was retired';
comment on column receipt_keys.created_at is 'technical';
comment on column receipt_keys.retired_at is 'technical: from when it signs no more';
