-- no-transaction
-- Lists by number of orders and of those who ordered at some time: the third without orders, which would come first, is not in this index.
create index concurrently if not exists customer_counters_ordered on customer_counters (company_id, total_orders, customer_id)
  include (is_listed, customer_created_at, last_order_date, lifetime_value) where last_order_date is not null;
