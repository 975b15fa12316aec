create extension if not exists pg_trgm;
create extension if not exists btree_gin;

-- Numbers for people; lower ones are free for imported or chosen numbers.
create sequence customer_numbers as bigint start 10000000 minvalue 10000000;

create table customers (
  company_id uuid not null,
  id uuid not null,
  number bigint not null default nextval('customer_numbers'),
  user_id uuid,
  external_id text,
  full_name text,
  full_name_built boolean not null,
  firstname text,
  lastname text,
  email text,
  phone text,
  phone_typed text,
  gender text,
  birthday date,
  city_id integer,
  document_type text,
  document_number text,
  address jsonb,
  avatar_url text,
  status text not null default 'active',
  type text not null default 'regular',
  preferences jsonb not null,
  metadata jsonb not null default '{}',
  -- Labels in display order; customer_tags holds the other fields of each tag.
  tags text[] not null default '{}',
  last_auth_at timestamptz(3),
  deleted_at timestamptz(3),
  is_active boolean not null generated always as (deleted_at is null and status = 'active') stored,
  search_text text not null,
  deletion_keys integer[] not null default '{}',
  version bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (company_id, id),
  constraint customers_number_taken unique (company_id, number),
  constraint customers_contact_required check (num_nonnulls(full_name, firstname, lastname, email, phone) > 0),
  constraint customers_gender check (gender in ('male', 'female', 'other')),
  constraint customers_document check (document_number is null or document_type is not null),
  constraint customers_status check (status in ('active', 'inactive', 'suspended')),
  constraint customers_type check (type in ('regular', 'premium', 'vip'))
);
-- Unique values apply to undeleted customers only.
create unique index customers_user_id_taken on customers (company_id, user_id) where deleted_at is null;
create unique index customers_external_id_taken on customers (company_id, external_id) where deleted_at is null;
create unique index customers_email_taken on customers (company_id, lower(email)) where deleted_at is null;
-- Phones are compared by digits, with or without the plus.
create unique index customers_phone_taken on customers (company_id, ltrim(phone, '+')) where deleted_at is null;
-- A document number is unique whatever its type.
create unique index customers_document_number_taken on customers (company_id, document_number) where deleted_at is null;
-- Finds the deleted profile of a user; customers_user_id_taken finds the undeleted one.
create index customers_deleted_user_id on customers (company_id, user_id) where deleted_at is not null;
-- Decides whether an avatar is served: only while a customer has its URL.
create index customers_avatar_url on customers (avatar_url) where avatar_url is not null;
-- Finds a page by number at any offset without reading the rows before it.
create index customers_undeleted_numbers on customers (company_id, number) where deleted_at is null;

select migrations.comment_technical('customers', 'company_id', 'id', 'version', 'created_at', 'updated_at');
comment on column customers.number is 'business';
comment on column customers.user_id is 'personal: the user account of the customer';
comment on column customers.external_id is 'personal: the customer''s key in another system';
comment on column customers.full_name is 'personal';
comment on column customers.full_name_built is 'technical: whether full_name was built from firstname and lastname';
comment on column customers.firstname is 'personal';
comment on column customers.lastname is 'personal';
comment on column customers.email is 'personal';
comment on column customers.phone is 'personal: normalized, as it is compared';
comment on column customers.phone_typed is 'personal: the phone as it was typed';
comment on column customers.gender is 'personal';
comment on column customers.birthday is 'personal';
comment on column customers.city_id is 'personal';
comment on column customers.document_type is 'sensitive';
comment on column customers.document_number is 'sensitive';
comment on column customers.address is 'personal';
comment on column customers.avatar_url is 'personal';
comment on column customers.status is 'business';
comment on column customers.type is 'business';
comment on column customers.preferences is 'personal';
comment on column customers.metadata is 'personal: any data that a company stores about the customer';
comment on column customers.tags is 'personal: labels that a company gives the customer';
comment on column customers.last_auth_at is 'personal';
comment on column customers.deleted_at is 'business: the deletion mark';
comment on column customers.is_active is 'business';
comment on column customers.search_text is 'sensitive: normalized names, e-mail, phone and document number';
comment on column customers.deletion_keys is 'sensitive: hashes of the words of names and e-mail, whole and with each letter left out';

-- Counters of a customer's interactions, apart from the record because they do not raise its version.
create table customer_counters (
  company_id uuid not null,
  customer_id uuid not null,
  total_orders integer not null default 0,
  total_appointments integer not null default 0,
  total_complaints integer not null default 0,
  open_complaints integer not null default 0,
  first_order_date timestamptz(3),
  last_order_date timestamptz(3),
  first_appointment_date timestamptz(3),
  last_appointment_date timestamptz(3),
  last_complaint_date timestamptz(3),
  returned_orders integer not null default 0,
  cancelled_appointments integer not null default 0,
  -- Wider than one order's value, because orders add up.
  lifetime_value numeric(30, 2) not null default 0,
  currency text not null,
  by_currency jsonb not null default '{}',
  is_listed boolean not null default true,
  counters_updated_at timestamptz(3) not null default now(),
  customer_created_at timestamptz(3) not null,
  totals_version bigint not null default 0,
  primary key (company_id, customer_id),
  foreign key (company_id, customer_id) references customers (company_id, id) on delete cascade,
  -- Amounts may be negative: a refund can be for an order that was never reported.
  constraint customer_counters_total_orders check (total_orders >= 0),
  constraint customer_counters_total_appointments check (total_appointments >= 0),
  constraint customer_counters_total_complaints check (total_complaints >= 0),
  constraint customer_counters_open_complaints check (open_complaints >= 0),
  constraint customer_counters_returned_orders check (returned_orders >= 0),
  constraint customer_counters_cancelled_appointments check (cancelled_appointments >= 0)
);
select migrations.comment_technical('customer_counters', 'company_id', 'customer_id');
comment on column customer_counters.total_orders is 'business';
comment on column customer_counters.total_appointments is 'business';
comment on column customer_counters.total_complaints is 'business';
comment on column customer_counters.open_complaints is 'business';
comment on column customer_counters.first_order_date is 'business';
comment on column customer_counters.last_order_date is 'business';
comment on column customer_counters.first_appointment_date is 'business';
comment on column customer_counters.last_appointment_date is 'business';
comment on column customer_counters.last_complaint_date is 'business';
comment on column customer_counters.returned_orders is 'business';
comment on column customer_counters.cancelled_appointments is 'business';
comment on column customer_counters.lifetime_value is 'business: in the currency of the same row';
comment on column customer_counters.currency is 'business: the company''s currency when the customer was created';
comment on column customer_counters.by_currency is 'business: amounts spent in other currencies';
comment on column customer_counters.is_listed is 'business: whether the default list has the customer (active and not deleted)';
comment on column customer_counters.counters_updated_at is 'technical: when a counter last changed';
comment on column customer_counters.customer_created_at is 'business: customers.created_at';
comment on column customer_counters.totals_version is 'technical: the version of the interaction service''s totals that these counters hold';

-- Version of the newest applied change of each field of a user: an older change that arrives later is ignored.
create table user_field_versions (
  company_id uuid not null,
  user_id uuid not null,
  field text not null,
  sequence bigint not null,
  primary key (company_id, user_id, field)
);
select migrations.comment_technical('user_field_versions', 'company_id', 'user_id');
comment on column user_field_versions.field is 'technical: its name, never its value';
comment on column user_field_versions.sequence is 'technical: the version of the user after the change';

-- History of every change of a customer: author, time, values before and after.
create table customer_history (
  company_id uuid not null,
  customer_id uuid not null,
  id uuid not null,
  at timestamptz(3) not null default now(),
  actor_id text not null,
  action text not null,
  reason text,
  changes jsonb not null default '[]',
  -- Ids grow with time, so the key gives the reading order.
  primary key (company_id, customer_id, id),
  foreign key (company_id, customer_id) references customers (company_id, id) on delete cascade
);
-- Status changes of a customer for the timeline, newest first.
create index customer_history_status on customer_history (company_id, customer_id, at desc, id desc)
  where action in ('customer.status.changed', 'customer.deleted');
-- Entries by author: an erasure counts them for its receipt, because they stay.
create index customer_history_actor on customer_history (company_id, actor_id);
select migrations.comment_technical('customer_history', 'company_id', 'customer_id', 'id');
comment on column customer_history.at is 'business';
comment on column customer_history.actor_id is 'personal: the user who made the change, or service:<name>';
comment on column customer_history.action is 'business';
comment on column customer_history.reason is 'personal: free text about the customer';
comment on column customer_history.changes is 'sensitive: the values before and after';

-- Tags of a customer. The labels are also stored in customers.tags.
create table customer_tags (
  company_id uuid not null,
  id uuid not null,
  customer_id uuid not null,
  label text not null,
  color text,
  priority integer not null default 0,
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  customer_created_at timestamptz(3) not null,
  is_listed boolean not null,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customers (company_id, id) on delete cascade
);
create unique index customer_tags_label_taken on customer_tags (company_id, customer_id, lower(label));
create index customer_tags_author on customer_tags (company_id, created_by);
select migrations.comment_technical('customer_tags', 'company_id', 'id', 'customer_id', 'created_at');
comment on column customer_tags.label is 'personal: a label that a company gives the customer';
comment on column customer_tags.color is 'business';
comment on column customer_tags.priority is 'business';
comment on column customer_tags.created_by is 'personal: the user who added it';
comment on column customer_tags.customer_created_at is 'business: customers.created_at';
comment on column customer_tags.is_listed is 'business: whether the default list has the customer (active and not deleted)';

-- Notes about a customer, written by the company's users.
create table customer_notes (
  company_id uuid not null,
  customer_id uuid not null,
  id uuid not null,
  content text not null,
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  primary key (company_id, customer_id, id),
  foreign key (company_id, customer_id) references customers (company_id, id) on delete cascade
);
create index customer_notes_newest on customer_notes (company_id, customer_id, created_at desc, id desc);
create index customer_notes_author on customer_notes (company_id, created_by);
select migrations.comment_technical('customer_notes', 'company_id', 'customer_id', 'id', 'created_at');
comment on column customer_notes.content is 'sensitive: free text about the customer';
comment on column customer_notes.created_by is 'personal: the user who wrote it';

-- Number of customers, exact at any size. Each connection counts in a slot of its own, so that writers rarely block each other.
create table customer_counts (
  company_id uuid not null,
  status text not null,
  type text not null,
  deleted boolean not null,
  slot smallint not null,
  customers bigint not null,
  primary key (company_id, status, type, deleted, slot)
);
select migrations.comment_technical('customer_counts', 'company_id');
comment on column customer_counts.status is 'business';
comment on column customer_counts.type is 'business';
comment on column customer_counts.deleted is 'business';
comment on column customer_counts.slot is 'technical: the slots of one key add up to its number';
comment on column customer_counts.customers is 'business: may be negative in a single slot';

create function add_to_counts(company_id uuid, status text, type text, deleted boolean, customers bigint) returns void
  language sql
  set search_path = public
as $$
  insert into customer_counts values ($1, $2, $3, $4, (pg_backend_pid() % 64)::smallint, $5)
  on conflict on constraint customer_counts_pkey do update set customers = customer_counts.customers + excluded.customers
$$;

-- Counts in key order, so that concurrent changes cannot deadlock.
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
create trigger customers_count_inserted after insert on customers
  referencing new table as changed for each statement execute function count_customers();
create trigger customers_count_deleted after delete on customers
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
  update customer_counters set is_listed = new.is_active
    where company_id = new.company_id and customer_id = new.id and is_listed <> new.is_active;
  return null;
end
$$;
create trigger customers_count_updated after update of status, type, deleted_at on customers for each row
  when ((old.status, old.type, old.deleted_at is null) is distinct from (new.status, new.type, new.deleted_at is null))
  execute function recount_customer();

-- Avatar files to delete from the storage once they are due. An upload schedules its file's deletion first, in case no customer gets it.
create table avatar_deletions (
  company_id uuid not null,
  name text not null,
  customer_id uuid,
  due_at timestamptz(3) not null,
  attempts integer not null default 0,
  primary key (company_id, name)
);
create index avatar_deletions_due on avatar_deletions (due_at);
-- An erasure waits until the storage has no file of the customer.
create index avatar_deletions_customer on avatar_deletions (company_id, customer_id) where customer_id is not null;
select migrations.comment_technical('avatar_deletions', 'company_id', 'customer_id', 'due_at');
comment on column avatar_deletions.name is 'personal: the file name of a person''s picture, until it is deleted';
comment on column avatar_deletions.attempts is 'technical: how often a deletion was started';

-- Runs in the database, so that every way to change or remove a customer schedules the deletion.
create function schedule_avatar_deletion() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  insert into avatar_deletions (company_id, name, due_at, customer_id)
    values (old.company_id, split_part(old.avatar_url, '/', 3), now(), old.id)
  on conflict (company_id, name) do nothing;
  return null;
end
$$;
create trigger customers_avatar_replaced after update of avatar_url on customers for each row
  when (old.avatar_url is not null and old.avatar_url is distinct from new.avatar_url)
  execute function schedule_avatar_deletion();
create trigger customers_avatar_removed after delete on customers for each row
  when (old.avatar_url is not null) execute function schedule_avatar_deletion();

-- Lists: docs/adr/0011. Counters and tags copy created_at and is_active of their customer, so that one index filters and sorts.
create function copy_from_customer() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  select created_at, is_active into new.customer_created_at, new.is_listed
    from customers where company_id = new.company_id and id = new.customer_id;
  return new;
end
$$;
create trigger customer_counters_copy_from_customer before insert on customer_counters for each row
  when (new.customer_created_at is null) execute function copy_from_customer();
create trigger customer_tags_copy_from_customer before insert on customer_tags for each row
  when (new.customer_created_at is null) execute function copy_from_customer();

create function copy_to_lists() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  update customer_tags set customer_created_at = new.created_at, is_listed = new.is_active
    where company_id = new.company_id and customer_id = new.id;
  update customer_counters set customer_created_at = new.created_at
    where company_id = new.company_id and customer_id = new.id and customer_created_at <> new.created_at;
  return null;
end
$$;
create trigger customers_copy_to_lists after update of status, deleted_at, created_at on customers for each row
  when ((old.is_active, old.created_at) is distinct from (new.is_active, new.created_at))
  execute function copy_to_lists();

-- Trigram and fuzzy search. Without a pending list (fastupdate) each write pays for itself and no search pays for earlier writes.
create index customers_search_text on customers
  using gin (company_id, search_text gin_trgm_ops, deletion_keys) with (fastupdate = off);
-- The planner estimates a search by its share of the histogram: 500 texts instead of 100 show what 0.5 % of all have.
alter table customers alter column search_text set statistics 500;
-- Prefix of the first search line, the name.
create index customers_search_prefix on customers (company_id, left(search_text, 60));

-- One index for each ordered scan. customers_status also serves the default list.
create index customers_created_at on customers (company_id, created_at desc, id desc);
create index customers_full_name on customers (company_id, full_name, id);
create index customers_full_name_desc on customers (company_id, full_name desc nulls last, id desc);
create index customers_status on customers (company_id, status, created_at desc, id desc) where deleted_at is null;
create index customers_type on customers (company_id, type, created_at desc, id desc)
  where deleted_at is null and status = 'active';
create index customers_external_id on customers (company_id, external_id) where external_id is not null;
create index customers_all_companies on customers (created_at desc, id desc, company_id);
create index customer_counters_newest on customer_counters (company_id, customer_created_at desc, customer_id desc)
  include (is_listed, last_order_date, lifetime_value, total_orders);
create index customer_counters_last_order on customer_counters (company_id, last_order_date, customer_id)
  include (is_listed, customer_created_at);
create index customer_counters_last_order_desc
  on customer_counters (company_id, last_order_date desc nulls last, customer_id desc) include (is_listed, customer_created_at);
-- A third of all customers have no order: the included columns let a scan pass over them without reading the table.
create index customer_counters_lifetime_value on customer_counters (company_id, lifetime_value, customer_id)
  include (is_listed, customer_created_at, last_order_date);
create index customer_counters_total_orders on customer_counters (company_id, total_orders, customer_id)
  include (is_listed, customer_created_at, last_order_date, lifetime_value);
create index customer_tags_label on customer_tags (company_id, lower(label), customer_id);
-- PostgreSQL answers from the index alone only if it has the column of the expression as well.
create index customer_tags_listed on customer_tags (company_id, lower(label), customer_created_at desc, customer_id desc)
  include (label) where is_listed;

-- Erasures of persons across all services: docs/adr/0016. A request holds ids, states and counts, never a value of the person.
create table erasure_requests (
  company_id uuid not null,
  id uuid not null,
  customer_id uuid,
  customer_number bigint,
  user_id uuid,
  part_of uuid,
  requested_by text not null,
  requested_at timestamptz(3) not null default now(),
  started_at timestamptz(3),
  done_at timestamptz(3),
  receipt json,
  jws text,
  next_attempt_at timestamptz(3) not null default now(),
  attempts integer not null default 0,
  version bigint not null default 1,
  primary key (company_id, id),
  foreign key (company_id, part_of) references erasure_requests (company_id, id),
  constraint erasure_requests_subject check (num_nonnulls(customer_id, user_id) > 0)
);
-- A person is erased once: ids of customers, and of users without a customer, are never reused.
create unique index erasure_requests_customer on erasure_requests (company_id, customer_id) where customer_id is not null;
create unique index erasure_requests_user on erasure_requests (company_id, user_id) where customer_id is null;
create index erasure_requests_of_user on erasure_requests (company_id, user_id, requested_at) where user_id is not null;
create index erasure_requests_newest on erasure_requests (company_id, requested_at desc, id desc);
create index erasure_requests_parts on erasure_requests (company_id, part_of) where part_of is not null;
create index erasure_requests_open on erasure_requests (requested_at) where done_at is null;
select migrations.comment_technical('erasure_requests', 'company_id', 'id', 'requested_at', 'done_at', 'attempts', 'version');
comment on column erasure_requests.customer_id is 'technical: an id that refers to nothing once the request is done';
comment on column erasure_requests.customer_number is 'technical: as customer_id; other services know the customer by it';
comment on column erasure_requests.user_id is 'technical: as customer_id';
comment on column erasure_requests.part_of is 'technical: the request for the same user that this record belongs to';
comment on column erasure_requests.requested_by is 'technical: the id of the requesting user';
comment on column erasure_requests.started_at is 'technical: when the customer was deleted here';
comment on column erasure_requests.receipt is 'technical: names of tables and columns, and counts';
comment on column erasure_requests.jws is 'technical: the signed receipt';
comment on column erasure_requests.next_attempt_at is 'technical: when its receipt is requested again';

-- What each service still has to erase, or has reported.
create table erasure_steps (
  company_id uuid not null,
  request_id uuid not null,
  service text not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz(3) not null default now(),
  done_at timestamptz(3),
  report json,
  primary key (company_id, request_id, service),
  foreign key (company_id, request_id) references erasure_requests (company_id, id)
);
create index erasure_steps_open on erasure_steps (service, next_attempt_at) where done_at is null;
select migrations.comment_technical(
  'erasure_steps', 'company_id', 'request_id', 'service', 'attempts', 'next_attempt_at', 'done_at');
comment on column erasure_steps.report is 'technical: names of tables and columns, and counts';

-- Tombstones: late events and sign-ins of erased people find them.
create table erased_customers (
  company_id uuid not null,
  customer_id uuid not null,
  erased_at timestamptz(3) not null default now(),
  primary key (company_id, customer_id)
);
create table erased_users (
  company_id uuid not null,
  user_id uuid not null,
  erased_at timestamptz(3) not null default now(),
  primary key (company_id, user_id)
);
select migrations.comment_technical('erased_customers', 'company_id', 'erased_at');
comment on column erased_customers.customer_id is 'technical: an id that refers to nothing';
select migrations.comment_technical('erased_users', 'company_id', 'erased_at');
comment on column erased_users.user_id is 'technical: an id that refers to nothing';

-- Suppression list: keeps an import from creating an erased customer again; no value can be read out of it.
create table erased_fingerprints (
  company_id uuid not null,
  fingerprint bytea not null,
  expires_at timestamptz(3) not null,
  primary key (company_id, fingerprint)
);
create index erased_fingerprints_expires_at on erased_fingerprints (expires_at);
select migrations.comment_technical('erased_fingerprints', 'company_id', 'expires_at');
comment on column erased_fingerprints.fingerprint is 'technical: HMAC of a field''s name and value, under a key of this service';
