-- The newest customers of each month of last orders: docs/adr/0011. Of a million customers, writes to their counters wait some seconds.
create index customer_counters_last_order_months on customer_counters
  (company_id, date_trunc('month', last_order_date at time zone 'UTC'), customer_created_at desc, customer_id desc)
  include (listed, last_order_date) where last_order_date is not null;
