-- Counts of orders by currency, by which averages divide. They belong to the totals of order_counts_version only: code from before this
-- migration writes totals without them, and raises totals_version.
alter table customer_counters
  add column valued_orders integer,
  add column orders_by_currency jsonb,
  add column order_counts_version bigint;
comment on column customer_counters.currency is 'business: the company''s currency, soon after it changed';
comment on column customer_counters.valued_orders is 'technical: orders in the currency of the same row; null when unknown';
comment on column customer_counters.orders_by_currency is 'technical: orders in other currencies; null when unknown';
comment on column customer_counters.order_counts_version is
  'technical: the totals_version to which both counts belong; another one, or null, when they are unknown';

-- Companies whose currency changed lately: a worker expresses the counters of their customers in it.
create table company_currency_changes (
  company_id uuid primary key,
  currency text not null,
  changed_at timestamptz(3) not null default now()
);
comment on column company_currency_changes.currency is 'business: the company''s new currency';
select migrations.comment_technical('company_currency_changes', 'company_id', 'changed_at');
