-- When a complaint was resolved or closed; null for those from before this migration. A trigger sets it, so that earlier code does, too.
alter table interactions add column resolved_at timestamptz(3);
comment on column interactions.resolved_at is 'business: since when a complaint is resolved or closed';

create function set_resolved_at() returns trigger language plpgsql as $$
begin
  if new.type <> 'complaint' or new.status not in ('resolved', 'closed') then
    new.resolved_at := null;
  elsif tg_op = 'INSERT' or old.type <> 'complaint' or old.status not in ('resolved', 'closed') then
    new.resolved_at := now();
  end if;
  return new;
end $$;
create trigger interactions_set_resolved_at before insert or update of type, status on interactions
  for each row execute function set_resolved_at();
