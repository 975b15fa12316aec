-- Money that moved or will move. A customer who is removed for good goes out of it, the amounts stay.
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
  recorded_as text,
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

comment on column transactions.company_id is 'technical';
comment on column transactions.id is 'technical';
comment on column transactions.customer_id is 'technical: null once the customer was removed for good';
comment on column transactions.created_by is 'technical';
comment on column transactions.kind is 'business';
comment on column transactions.direction is 'business';
comment on column transactions.amount is 'business';
comment on column transactions.currency is 'business';
comment on column transactions.product_id is 'business';
comment on column transactions.order_id is 'business: the order as other books call it';
comment on column transactions.description is 'sensitive: free text about what a person bought or paid';
comment on column transactions.status is 'business';
comment on column transactions.occurred_at is 'business';
comment on column transactions.external_ref is 'business: the record as other books call it';
comment on column transactions.recorded_as is 'technical: a digest of what was sent, to know a repeat by; null when there is no external_ref';
comment on column transactions.version is 'technical';
comment on column transactions.created_at is 'technical';
comment on column transactions.updated_at is 'technical';

-- The order in which they are read: occurred_at is never null, and an index that minds nulls does not give that order.
create index interactions_by_time on interactions (company_id, customer_id, occurred_at desc, id desc);
drop index interactions_of_customer;
create index interactions_complaints on interactions (company_id, customer_id, occurred_at desc, id desc) include (status)
  where type = 'complaint';
create index interactions_appointments on interactions (company_id, customer_id, coalesce(scheduled_at, occurred_at) desc, id desc)
  include (status) where type = 'appointment';
