-- Whether a name is served is decided here: it is, as long as a customer has it.
create index customers_avatar_url on customers (avatar_url) where avatar_url is not null;

-- Objects in the storage of pictures that nobody needs any more once they are due. What is put there is noted before, for the case that no
-- customer gets it.
create table avatar_deletions (
  company_id uuid not null,
  name text not null,
  due_at timestamptz(3) not null,
  attempts integer not null default 0,
  primary key (company_id, name)
);
create index avatar_deletions_due on avatar_deletions (due_at);
comment on column avatar_deletions.company_id is 'technical';
comment on column avatar_deletions.name is 'personal: the picture of a person, until it is removed';
comment on column avatar_deletions.due_at is 'technical';
comment on column avatar_deletions.attempts is 'technical: how often its removal was begun';

-- In the database, so that no way of changing or removing a customer forgets it.
create function discard_avatar() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  insert into avatar_deletions (company_id, name, due_at) values (old.company_id, split_part(old.avatar_url, '/', 3), now())
  on conflict (company_id, name) do nothing;
  return null;
end
$$;
create trigger customers_avatar_replaced after update of avatar_url on customers for each row
  when (old.avatar_url is not null and old.avatar_url is distinct from new.avatar_url) execute function discard_avatar();
create trigger customers_avatar_removed after delete on customers for each row
  when (old.avatar_url is not null) execute function discard_avatar();
