-- Who did what to which record: ids, names of fields and outcomes, never values. No foreign keys: the trail outlives what it tells of.
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
-- An actor and a record belong to one company as a rule, so that these serve the lists of one company and of all.
create index audit_logs_actor on audit_logs (actor_id, at desc, id desc);
create index audit_logs_resource on audit_logs (resource_id, at desc, id desc);

-- Who writes the trail cannot rewrite it.
do $$
begin
  execute format('revoke update, delete, truncate on audit_logs from %I', current_setting('clientela.app_role'));
end
$$;

-- Removes what is older than an instant and says how many rows that were. It has its caller's rights and no more: only the owner
-- may delete from the trail.
create function shorten_audit(before timestamptz) returns bigint
  language sql
  set search_path = public
as $$
  with removed as (delete from audit_logs where at < before returning 1)
  select count(*) from removed
$$;
revoke execute on function shorten_audit(timestamptz) from public;

comment on column audit_logs.id is 'technical';
comment on column audit_logs.at is 'technical';
comment on column audit_logs.actor_id is 'technical: a user, or service:<name>; null when nobody was signed in';
comment on column audit_logs.action is 'technical';
comment on column audit_logs.resource_type is 'technical';
comment on column audit_logs.resource_id is 'technical';
comment on column audit_logs.company_id is 'technical';
comment on column audit_logs.fields is 'technical: names of changed fields, never values';
comment on column audit_logs.result is 'technical';
comment on column audit_logs.ip is 'personal: of security events; erasure blanks it';
comment on column audit_logs.request_id is 'technical';
