-- Customers who have or had records. Recording locks the row until the commit, and a hard deletion of the customer marks it, so that nothing
-- is written for a deleted customer. The row stays, because late requests may still arrive.
create table customer_locks (
  company_id uuid not null,
  customer_id uuid not null,
  is_hard_deleted boolean not null default false,
  recorded_version bigint not null default 0,
  primary key (company_id, customer_id)
);

-- A company's own types; built-in types are in the code.
create table interaction_types (
  company_id uuid not null,
  name text not null,
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  constraint interaction_types_name_taken primary key (company_id, name)
);

create table interactions (
  company_id uuid not null,
  id uuid not null,
  customer_id uuid not null,
  created_by text not null,
  type text not null,
  notes text not null,
  occurred_at timestamptz(3) not null default now(),
  scheduled_at timestamptz(3),
  status text,
  priority text,
  category text,
  search_text text not null,
  version bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (company_id, id),
  constraint interactions_customer foreign key (company_id, customer_id) references customer_locks (company_id, customer_id),
  constraint interactions_status check (
    case type
      when 'appointment' then status is not null and status in ('booked', 'done', 'cancelled')
      when 'complaint' then status is not null and status in ('open', 'in_progress', 'resolved', 'closed')
      else status is null
    end
  ),
  constraint interactions_priority check (priority in ('low', 'medium', 'high', 'critical'))
);
-- occurred_at is never null: an index with "nulls last" would not provide the order of the lists.
create index interactions_by_time on interactions (company_id, customer_id, occurred_at desc, id desc);
create index interactions_complaints on interactions (company_id, customer_id, occurred_at desc, id desc) include (status)
  where type = 'complaint';
create index interactions_appointments on interactions (company_id, customer_id, coalesce(scheduled_at, occurred_at) desc, id desc)
  include (status) where type = 'appointment';

-- Payments and orders. A hard-deleted customer is removed from them; the amounts stay.
create table transactions (
  company_id uuid not null,
  id uuid not null,
  customer_id uuid,
  created_by text not null,
  kind text not null,
  direction text not null,
  amount numeric(15, 2) not null,
  currency text not null,
  product_id uuid,
  order_id text,
  description text,
  status text not null,
  occurred_at timestamptz(3) not null default now(),
  external_ref text,
  content_digest text,
  version bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (company_id, id),
  constraint transactions_external_ref_taken unique (company_id, external_ref),
  constraint transactions_customer foreign key (company_id, customer_id) references customer_locks (company_id, customer_id),
  constraint transactions_kind check (kind in ('order', 'payment', 'refund')),
  constraint transactions_direction check (direction in ('in', 'out')),
  constraint transactions_amount check (amount > 0),
  constraint transactions_status check (status in ('pending', 'completed', 'cancelled'))
);
create index transactions_of_customer on transactions (company_id, customer_id, occurred_at desc, id desc);
create index transactions_of_company on transactions (company_id, occurred_at desc, id desc);
create index transactions_not_completed on transactions (company_id, occurred_at desc, id desc) include (status)
  where status <> 'completed';
create index transactions_orders on transactions (company_id, customer_id, occurred_at desc, id desc)
  include (kind, status, amount, currency) where kind in ('order', 'refund');

comment on column customer_locks.is_hard_deleted is 'technical: the customer was hard-deleted; new records are rejected';
comment on column customer_locks.recorded_version is 'technical: number of changes of records that the customer''s counters include';
select migrations.comment_technical('customer_locks', 'company_id', 'customer_id');

comment on column interaction_types.name is 'business';
select migrations.comment_technical('interaction_types', 'company_id', 'created_by', 'created_at');

-- Free text of clients may identify a person, whatever the field is for: an order id in other systems leads to a person like a name does.
comment on column interactions.type is 'business';
comment on column interactions.notes is 'sensitive: free text about a person';
comment on column interactions.occurred_at is 'business';
comment on column interactions.scheduled_at is 'business';
comment on column interactions.status is 'business';
comment on column interactions.priority is 'business';
comment on column interactions.category is 'sensitive: free text about a person';
comment on column interactions.search_text is 'sensitive: notes and category, normalised for search';
select migrations.comment_technical(
  'interactions', 'company_id', 'id', 'customer_id', 'created_by', 'version', 'created_at', 'updated_at'
);

comment on column transactions.customer_id is 'technical: null once the customer was hard-deleted';
comment on column transactions.kind is 'business';
comment on column transactions.direction is 'business';
comment on column transactions.amount is 'business';
comment on column transactions.currency is 'business';
comment on column transactions.product_id is 'business';
comment on column transactions.order_id is 'personal: id of the order in other systems';
comment on column transactions.description is 'sensitive: free text about what a person bought or paid';
comment on column transactions.status is 'business';
comment on column transactions.occurred_at is 'business';
comment on column transactions.external_ref is 'personal: id of the record in other systems';
comment on column transactions.content_digest is 'personal: digest of the request, identifies a repeat; null without an external_ref';
select migrations.comment_technical(
  'transactions', 'company_id', 'id', 'created_by', 'version', 'created_at', 'updated_at'
);
