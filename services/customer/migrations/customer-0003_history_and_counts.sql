-- The labels in the order in which they are answered; the tags' own table knows the rest of each.
alter table customers add column tags text[] not null default '{}';
comment on column customers.tags is 'personal: what a company thinks of the person';

-- Every change of a customer: who, when, from what to what.
create table customer_history (
  company_id uuid not null,
  customer_id uuid not null,
  id uuid not null,
  at timestamptz(3) not null default now(),
  actor_id text not null,
  action text not null,
  reason text,
  changes jsonb not null default '[]',
  -- Ids grow with time: this is the order in which a history is read.
  primary key (company_id, customer_id, id),
  foreign key (company_id, customer_id) references customers (company_id, id) on delete cascade
);
comment on column customer_history.company_id is 'technical';
comment on column customer_history.customer_id is 'technical';
comment on column customer_history.id is 'technical';
comment on column customer_history.at is 'business';
comment on column customer_history.actor_id is 'personal: the user who did it, or service:<name>';
comment on column customer_history.action is 'business';
comment on column customer_history.reason is 'personal: free text about the person';
comment on column customer_history.changes is 'sensitive: the values before and after';

-- How many customers there are, exact at any size. A connection counts in a slot of its own, so that writers hardly wait for each other.
create table customer_counts (
  company_id uuid not null,
  status text not null,
  type text not null,
  deleted boolean not null,
  slot smallint not null,
  customers bigint not null,
  primary key (company_id, status, type, deleted, slot)
);
comment on column customer_counts.company_id is 'technical';
comment on column customer_counts.status is 'business';
comment on column customer_counts.type is 'business';
comment on column customer_counts.deleted is 'business';
comment on column customer_counts.slot is 'technical: one of those that add up to the number';
comment on column customer_counts.customers is 'business: may be below zero in one slot';

alter table customer_counters
  add column listed boolean not null default true,
  add column moved_at timestamptz(3) not null default now();
comment on column customer_counters.listed is 'business: whether the customer is active and not deleted, as the default list wants it';
comment on column customer_counters.moved_at is 'technical: when something last moved these';

create function add_to_counts(company_id uuid, status text, type text, deleted boolean, customers bigint) returns void
  language sql
  set search_path = public
as $$
  insert into customer_counts values ($1, $2, $3, $4, (pg_backend_pid() % 64)::smallint, $5)
  on conflict on constraint customer_counts_pkey do update set customers = customer_counts.customers + excluded.customers
$$;

-- In one order always, so that two changes at once do not wait for each other's rows.
create function count_customers() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  perform add_to_counts(company_id, status, type, deleted, case tg_op when 'INSERT' then n else -n end) from (
    select company_id, status, type, deleted_at is not null as deleted, count(*) as n
      from changed group by 1, 2, 3, 4 order by 1, 2, 3, 4
  ) as counted;
  return null;
end
$$;
create trigger customers_counted_in after insert on customers
  referencing new table as changed for each statement execute function count_customers();
create trigger customers_counted_out after delete on customers
  referencing old table as changed for each statement execute function count_customers();

create function recount_customer() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  perform add_to_counts(company_id, status, type, deleted, n) from (
    select old.company_id, old.status, old.type, old.deleted_at is not null, -1
    union all
    select new.company_id, new.status, new.type, new.deleted_at is not null, 1
    order by 1, 2, 3, 4
  ) as changed (company_id, status, type, deleted, n);
  update customer_counters set listed = new.is_active where company_id = new.company_id and customer_id = new.id and listed <> new.is_active;
  return null;
end
$$;
create trigger customers_counted_again after update of status, type, deleted_at on customers for each row
  when ((old.status, old.type, old.deleted_at is null) is distinct from (new.status, new.type, new.deleted_at is null))
  execute function recount_customer();
