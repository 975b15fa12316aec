create extension if not exists pg_trgm;
create extension if not exists btree_gin;

-- Numbers that people read out; what is below is free for imported or given ones.
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
  last_auth_at timestamptz(3),
  deleted_at timestamptz(3),
  is_active boolean not null generated always as (deleted_at is null and status = 'active') stored,
  searched text not null,
  version bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (company_id, id),
  constraint customers_number_taken unique (company_id, number),
  constraint customers_reachable check (num_nonnulls(full_name, firstname, lastname, email, phone) > 0),
  constraint customers_gender check (gender in ('male', 'female', 'other')),
  constraint customers_document check (document_number is null or document_type is not null),
  constraint customers_status check (status in ('active', 'inactive', 'suspended')),
  constraint customers_type check (type in ('regular', 'premium', 'vip'))
);
-- A deleted customer frees its values for others.
create unique index customers_user_id_taken on customers (company_id, user_id) where deleted_at is null;
create unique index customers_external_id_taken on customers (company_id, external_id) where deleted_at is null;
create unique index customers_email_taken on customers (company_id, lower(email)) where deleted_at is null;
create unique index customers_phone_taken on customers (company_id, phone) where deleted_at is null;
create unique index customers_document_number_taken
  on customers (company_id, document_number, document_type) where deleted_at is null;
create index customers_created_at on customers (company_id, created_at desc, id desc);
create index customers_full_name on customers (company_id, full_name, id);
create index customers_searched on customers using gin (company_id, searched gin_trgm_ops);

-- What happened with a customer, counted. Apart from the record, whose version it does not raise.
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
  lifetime_value numeric(15, 2) not null default 0,
  currency text not null,
  by_currency jsonb not null default '{}',
  primary key (company_id, customer_id),
  foreign key (company_id, customer_id) references customers (company_id, id) on delete cascade
);

comment on column customers.company_id is 'technical';
comment on column customers.id is 'technical';
comment on column customers.number is 'business';
comment on column customers.user_id is 'personal: the person''s user';
comment on column customers.external_id is 'personal: the person''s key in another system';
comment on column customers.full_name is 'personal';
comment on column customers.full_name_built is 'technical: whether full_name was built from firstname and lastname';
comment on column customers.firstname is 'personal';
comment on column customers.lastname is 'personal';
comment on column customers.email is 'personal';
comment on column customers.phone is 'personal: in the one spelling in which phones are compared';
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
comment on column customers.metadata is 'personal: whatever a company keeps about the person';
comment on column customers.last_auth_at is 'personal';
comment on column customers.deleted_at is 'business: the deletion mark';
comment on column customers.is_active is 'business';
comment on column customers.searched is 'sensitive: names, e-mail, phone and document number as they are searched';
comment on column customers.version is 'technical';
comment on column customers.created_at is 'technical';
comment on column customers.updated_at is 'technical';
comment on column customer_counters.company_id is 'technical';
comment on column customer_counters.customer_id is 'technical';
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
comment on column customer_counters.lifetime_value is 'business: in the currency beside it';
comment on column customer_counters.currency is 'business: the company''s when the customer was made';
comment on column customer_counters.by_currency is 'business: what was spent in other currencies';
