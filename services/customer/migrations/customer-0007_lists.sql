-- Lists, each filter and sort of which stays quick in a company of a million customers: docs/adr/0011.

-- What a customer is found by with one typo.
alter table customers add column deletion_keys integer[] not null default '{}';
comment on column customers.deletion_keys is 'sensitive: hashes of the words of names and e-mail, whole and with each letter left out';
drop index customers_searched;
-- Without a pending list each write pays for itself, and no search for those before it.
create index customers_searched on customers using gin (company_id, searched gin_trgm_ops, deletion_keys) with (fastupdate = off);

-- When the customer came, and whether the default list has it, beside what is filtered there: an index then gives the newest first.
alter table customer_counters add column customer_created_at timestamptz(3);
alter table customer_tags add column customer_created_at timestamptz(3), add column listed boolean;
update customer_counters n set customer_created_at = c.created_at
  from customers c where c.company_id = n.company_id and c.id = n.customer_id;
update customer_tags t set customer_created_at = c.created_at, listed = c.is_active
  from customers c where c.company_id = t.company_id and c.id = t.customer_id;
alter table customer_counters alter column customer_created_at set not null;
alter table customer_tags alter column customer_created_at set not null, alter column listed set not null;
comment on column customer_counters.customer_created_at is 'business: customers.created_at';
comment on column customer_tags.customer_created_at is 'business: customers.created_at';
comment on column customer_tags.listed is 'business: whether the customer is active and not deleted, as the default list wants it';

create function copy_from_customer() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  select created_at, is_active into new.customer_created_at, new.listed
    from customers where company_id = new.company_id and id = new.customer_id;
  return new;
end
$$;
create trigger customer_counters_filled before insert on customer_counters for each row
  when (new.customer_created_at is null) execute function copy_from_customer();
create trigger customer_tags_filled before insert on customer_tags for each row
  when (new.customer_created_at is null) execute function copy_from_customer();

create function copy_to_lists() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  update customer_tags set customer_created_at = new.created_at, listed = new.is_active
    where company_id = new.company_id and customer_id = new.id;
  update customer_counters set customer_created_at = new.created_at
    where company_id = new.company_id and customer_id = new.id and customer_created_at <> new.created_at;
  return null;
end
$$;
create trigger customers_copied after update of status, deleted_at, created_at on customers for each row
  when ((old.is_active, old.created_at) is distinct from (new.is_active, new.created_at))
  execute function copy_to_lists();

-- One for each way to walk a list. Its status gives the default list as well.
create index customers_status on customers (company_id, status, created_at desc, id desc) where deleted_at is null;
create index customers_type on customers (company_id, type, created_at desc, id desc)
  where deleted_at is null and status = 'active';
create index customers_full_name_down on customers (company_id, full_name desc nulls last, id desc);
create index customers_external_id on customers (company_id, external_id) where external_id is not null;
create index customers_of_all on customers (created_at desc, id desc, company_id);

create index customer_counters_newest on customer_counters (company_id, customer_created_at desc, customer_id desc)
  include (listed, last_order_date, lifetime_value, total_orders);
create index customer_counters_last_order on customer_counters (company_id, last_order_date, customer_id)
  include (listed, customer_created_at);
create index customer_counters_last_order_down
  on customer_counters (company_id, last_order_date desc nulls last, customer_id desc) include (listed, customer_created_at);
create index customer_counters_lifetime_value on customer_counters (company_id, lifetime_value, customer_id)
  include (listed, customer_created_at);
create index customer_counters_total_orders on customer_counters (company_id, total_orders, customer_id) include (listed);

create index customer_tags_listed on customer_tags (company_id, lower(label), customer_created_at desc, customer_id desc)
  where listed;

-- The first line that is searched, the name: whoever begins with what was typed.
create index customers_beginning on customers (company_id, left(searched, 60));
